-- What surrounds a script in the embedded host: the tables reaper and gfx, and a smaller Lua.
--
-- Returns a function of: calls for reaper, calls for gfx (each returns true and its results, or
-- false and a message), mayOpen(path), seconds() since 1970. That one returns run(path) and rest().

local EVERY, LIMIT = 1000, 50000 -- instructions between two looks, looks in one tick

return function(calls, drawing, mayOpen, seconds)
  local function finish(ok, ...)
    if ok then return ... end
    error((...), 2)
  end

  local function wrapped(name, table)
    local functions = {}
    for key, call in pairs(table) do
      functions[key] = function(...) return finish(call(...)) end
    end
    return setmetatable(functions, {
      __index = function(_, key) error(name .. " has no function '" .. tostring(key) .. "'", 2) end,
    })
  end

  local gfx = wrapped("gfx", drawing)
  local open = gfx.init
  for _, key in ipairs({ "x", "y", "w", "h", "mouse_x", "mouse_y", "mouse_cap", "ext_retina" }) do
    gfx[key] = 0
  end
  gfx.texth = 16
  gfx.init = function(title, width, height)
    gfx.w, gfx.h = width or 0, height or 0
    return title == "" and 1 or open() -- an empty title resizes the window
  end

  local openFile, time = io.open, os.time
  local function guardedOpen(path, mode)
    if mayOpen(path) then return openFile(path, mode) end
    return nil, path .. ": this file is out of bounds", 13
  end

  local looks = 0
  local function look()
    looks = looks + 1
    if looks > LIMIT then error("the script holds REAPER up: too much work in one tick", 2) end
  end
  debug.sethook(look, "", EVERY)
  local create, setHook = coroutine.create, debug.sethook
  local function guardedCreate(body)
    local thread = create(body)
    setHook(thread, look, "", EVERY)
    return thread
  end

  local load = loadfile
  _G.python, package.loaded.python = nil, nil -- the way back, which its runtime puts here
  reaper, _G.gfx = wrapped("reaper", calls), gfx
  io = { open = guardedOpen }
  os = {
    clock = os.clock, date = os.date, difftime = os.difftime,
    time = function(at) return at and time(at) or seconds() end,
  }
  coroutine.create, coroutine.wrap = guardedCreate, nil
  debug = { getinfo = debug.getinfo, traceback = debug.traceback }
  package.cpath, package.loadlib = "", nil
  setmetatable(_G, {
    __index = function(_, key) error("there is no global variable " .. tostring(key), 2) end,
    __newindex = function(_, key) error("a script made a global variable " .. tostring(key), 2) end,
  })

  local function run(path)
    local chunk, why = load(path)
    if not chunk then error(why, 0) end
    return chunk()
  end

  local function rest()
    local before = looks
    looks = 0
    return before
  end

  return run, rest
end
