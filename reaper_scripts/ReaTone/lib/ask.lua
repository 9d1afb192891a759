-- @noindex
-- Questions in a text field that remembers its last answers.

local json = require("json")
local store = require("store")

local ask = {}

local MAX_REMEMBERED, MAX_BYTES = 12, 300
local WIDTH = 260
-- The separator keeps commas in the answer; a one-line field cannot hold a line break.
local OPTIONS = (",extrawidth=%d,separator=\n"):format(WIDTH)

-- Return the last answers, newest first.
function ask.remembered(key)
  local found, texts = json.decode(store.get(key)), {}
  for _, text in ipairs(type(found) == "table" and found or {}) do
    if type(text) == "string" and text ~= "" then texts[#texts + 1] = text end
  end
  return texts
end

function ask.remember(key, text)
  if #text > MAX_BYTES then return end
  local texts = json.array({ text })
  for _, older in ipairs(ask.remembered(key)) do
    if older ~= text and #texts < MAX_REMEMBERED then texts[#texts + 1] = older end
  end
  store.keep(key, json.encode(texts))
end

-- Let the user choose one of the texts from a menu at the pointer; nil when none is chosen.
local function choose(texts)
  local entries = {}
  for i, text in ipairs(texts) do
    -- The number keeps signs that begin an entry (# ! < >) from having a meaning.
    entries[i] = ("%d   %s"):format(i, (text:gsub("|", "¦"):gsub("&", "&&")))
  end
  local x, y = reaper.GetMousePosition()
  gfx.init("ReaTone", 0, 0, 0, x, y)
  gfx.x, gfx.y = 0, 0
  local chosen = gfx.showmenu(table.concat(entries, "|"))
  gfx.quit()
  return texts[chosen]
end

-- Return the text without line breaks and blanks around it.
function ask.clean(text)
  return (text:gsub("%s+", " "):gsub("^ ", ""):gsub(" $", ""))
end

-- Ask for one line; `caption` holds no comma. An emptied field leads to a menu of the last answers.
-- Returns nil when the user cancels.
function ask.text(title, caption, key)
  local texts = ask.remembered(key)
  local ok, answer = reaper.GetUserInputs(title, 1, caption .. OPTIONS, texts[1] or "")
  if not ok then return nil end
  local text = ask.clean(answer)
  if text == "" and #texts > 0 then text = choose(texts) or "" end
  if text == "" then return nil end
  ask.remember(key, text)
  return text
end

-- Ask for a number within limits, again until it is one. Returns nil when the user cancels.
function ask.number(title, caption, key, low, high)
  local answer, ok = store.get(key), nil
  while true do
    ok, answer = reaper.GetUserInputs(title, 1, caption .. OPTIONS, answer)
    if not ok then return nil end
    local plain = ask.clean(answer):gsub("%s*%%$", ""):gsub(",", "."):gsub("^%+", "")
    local number = plain:find("^%-?%d*%.?%d+$") and tonumber(plain) or nil
    if number and number >= low and number <= high then
      store.keep(key, plain)
      return number
    end
    local text = ("%s is no number from %d to %d."):format(answer, low, high)
    reaper.MB(text, title, 0)
  end
end

return ask
