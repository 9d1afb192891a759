-- @noindex
-- Requests to ReaTone's background process and their progress, over ExtState:
--   heartbeat, daemon   times at which the server in REAPER, and the process behind it, were alive
--   events              requests, one JSON object a line; the server takes them at its next tick
--   status:<id>         how a request fares, as JSON
--   news                changes whenever an action sees progress: others in line stay patient
--   left                requests whose action was ended before they were

local json = require("json")
local store = require("store")

local job = {}

local STALE_S = 3
local UNTAKEN_S = 10
local MUTE_S = { waiting = 30, queued = 600, running = 600 } -- REAPER may be rendering
local PATIENCE_S = { waiting = 10, queued = 10, running = 120 }
local RENDER_S = 3600 -- a render in the background leaves REAPER alive and the step unchanged

local MAX_LEFT = 32

local AFTERWARDS = "If something was written, it is one step in REAPER's undo history."

local function isFresh(key)
  local at = tonumber(store.get(key))
  return at ~= nil and math.abs(os.time() - at) <= STALE_S
end

-- Return "ready", "no server" (in REAPER), "no daemon" (behind it), or "unsure": REAPER itself may
-- just have stood still.
function job.standing()
  if isFresh("heartbeat") then return isFresh("daemon") and "ready" or "no daemon" end
  return store.get("heartbeat") == "" and "no server" or "unsure"
end

-- Hand a request over. Returns its id.
function job.send(kind, args)
  local number = (math.tointeger(tonumber(store.get("sequence"))) or 0) + 1
  store.set("sequence", tostring(number))
  local id = ("lua-%x-%d"):format(os.time(), number)
  local line = json.encode({ id = id, kind = kind, args = args or {} })
  store.set("events", store.get("events") .. line .. "\n")
  return id
end

local function isTaken(id)
  return not store.get("events"):find('"' .. id .. '"', 1, true)
end

-- Take a request back that nobody took.
local function withdraw(id)
  local rest = {}
  for line in store.get("events"):gmatch("[^\n]+") do
    if not line:find('"' .. id .. '"', 1, true) then rest[#rest + 1] = line .. "\n" end
  end
  store.set("events", table.concat(rest))
end

local Watch = {}
Watch.__index = Watch

-- Follow a request. Fields: id, kind, label and fraction (for people), and `outcome` at its end:
-- { ok, text, gaveUp }.
function job.watch(id, kind)
  return setmetatable({
    id = id, kind = kind, state = "waiting", label = "Waiting", fraction = 0.0,
    seen = {}, silent = { news = 0, heartbeat = 0, daemon = 0, start = 0 },
  }, Watch)
end

-- Count how long each key has stayed as it is.
function Watch:listen(dt)
  for name, clock in pairs(self.silent) do self.silent[name] = clock + dt end
  for _, key in ipairs({ "heartbeat", "daemon", "news" }) do
    local value = store.get(key)
    if value ~= self.seen[key] then self.seen[key], self.silent[key] = value, 0 end
  end
  -- While REAPER is mute nobody can bring news.
  if self.silent.heartbeat > STALE_S then self.silent.news = self.silent.news - dt end
end

function Watch:finish(ok, text, gaveUp)
  store.drop("status:" .. self.id)
  self.outcome = { ok = ok, text = text, gaveUp = gaveUp }
end

function Watch:giveUp(text)
  if isTaken(self.id) then
    self:finish(false, text .. " " .. AFTERWARDS, true)
  else
    withdraw(self.id)
    self:finish(false, text .. " The request was taken back.", false)
  end
end

local function wordOr(value, default)
  return type(value) == "string" and value ~= "" and value or default
end

-- Take in a new status text.
function Watch:read(text)
  local status, why = json.decode(text)
  if type(status) ~= "table" or type(status.state) ~= "string" then
    self:finish(false, "ReaTone's answer cannot be read (" .. (why or "no state in it") .. "). "
      .. AFTERWARDS)
  elseif status.state == "done" then
    self:finish(true, wordOr(status.text, "Done."))
  elseif status.state == "failed" then
    self:finish(false, wordOr(status.text, "It failed, and ReaTone did not say why."))
  elseif MUTE_S[status.state] then
    self.state = status.state
    self.label = wordOr(status.step, status.state == "queued" and "Waiting in line" or "Working")
    self.fraction = type(status.fraction) == "number"
      and math.max(0.0, math.min(status.fraction, 1.0)) or 0.0
  else
    self:finish(false, "ReaTone's answer cannot be read (state " .. status.state .. "). "
      .. AFTERWARDS)
  end
end

function Watch:losePatience()
  local silent, renders = self.silent, self.label:find("^Render") ~= nil
  if silent.start > UNTAKEN_S and not isTaken(self.id) then
    self:giveUp("ReaTone's server in REAPER does not take requests.")
  elseif silent.heartbeat > STALE_S then
    if silent.heartbeat > (renders and RENDER_S or MUTE_S[self.state]) then
      self:giveUp("ReaTone's server in REAPER has stopped. Start ReaTone again.")
    end
  elseif silent.daemon > STALE_S + 1 then
    self:giveUp("ReaTone stopped while it had this request. Start ReaTone again.")
  elseif silent.news > (renders and RENDER_S or PATIENCE_S[self.state]) then
    self:giveUp(self.state == "running"
      and ("ReaTone has made no progress for %d s."):format(PATIENCE_S.running)
      or ("ReaTone has not begun within %d s: it is busy, or stuck."):format(PATIENCE_S.waiting))
  end
end

-- Look again, `dt` seconds after the last look. Returns the outcome when there is one.
function Watch:step(dt)
  self:listen(dt)
  local text = store.get("status:" .. self.id)
  if text ~= "" and text ~= self.text then
    self.text, self.silent.news = text, 0
    store.set("news", self.id .. text)
    self.seen.news = self.id .. text
    self:read(text)
  end
  if not self.outcome then self:losePatience() end
  return self.outcome
end

-- Leave requests to whichever action runs next: the user started one anew in the middle.
function job.leave(watches)
  local rows = json.array()
  for _, watch in ipairs(watches) do
    if #rows < MAX_LEFT and (not watch.outcome or watch.outcome.gaveUp) then
      rows[#rows + 1] = { id = watch.id, kind = watch.kind, gaveUp = watch.outcome ~= nil }
    end
  end
  if #rows > 0 then store.set("left", json.encode(rows)) else store.drop("left") end
end

-- Follow what earlier actions left. What was given up or is outdated is cleared away quietly.
function job.adopt()
  local rows = json.decode(store.get("left"))
  local watches = {}
  for _, row in ipairs(type(rows) == "table" and rows or {}) do
    local watch = job.watch(row.id, row.kind)
    watch.quiet = row.gaveUp or row.kind == "amount" or row.kind == "compare"
    watches[#watches + 1] = watch
  end
  return watches
end

return job
