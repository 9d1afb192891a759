-- @noindex
-- ReaTone's scripts in REAPER's action list, and new ones with fixed words in them.

local ask = require("ask")

local register = {}

local MAIN_SECTION, RELOAD = 0, -1
local MAX_NAME_BYTES = 80
local PREFIX = "ReaTone_Describe as "
local SCRIPT = [[
-- @noindex
-- Describe the sound of the selected tracks as: %s
local folder = debug.getinfo(1, "S").source:match("^@(.*[/\\])")
dofile(folder .. "lib/reatone.lua").describe(%q)
]]

-- Add every action in the folder to the action list. Returns how many, and the names that failed.
function register.all(folder)
  local names, failed, place = {}, {}, folder:match("^(.*)[/\\]$")
  reaper.EnumerateFiles(place, RELOAD)
  local index, name = 0, reaper.EnumerateFiles(place, 0)
  while name do
    if name:find("^ReaTone_.+%.lua$") then names[#names + 1] = name end
    index = index + 1
    name = reaper.EnumerateFiles(place, index)
  end
  table.sort(names)
  for i, each in ipairs(names) do
    if reaper.AddRemoveReaScript(true, MAIN_SECTION, folder .. each, i == #names) == 0 then
      failed[#failed + 1] = each
    end
  end
  return #names - #failed, failed
end

-- Return words as a part of a file name that every system takes.
local function fileName(words)
  local name = words:gsub('[/\\:*?"<>|`%%\0-\31\127]', "_")
  if #name > MAX_NAME_BYTES then
    name = name:sub(1, (utf8.offset(name, 0, MAX_NAME_BYTES + 1) or 1) - 1)
  end
  return (name:gsub("[ .]+$", ""))
end

local function contentOf(path)
  local file = io.open(path, "rb")
  if not file then return nil end
  local content = file:read("a")
  file:close()
  return content
end

local function write(path, content)
  local file, why = io.open(path, "wb")
  if not file then return nil, why end
  local ok, failure = file:write(content)
  local closed = file:close()
  return ok and closed, failure
end

-- Return a path for the words that no other words have taken.
local function pathFor(folder, words, content)
  local base, number = folder .. PREFIX .. fileName(words), 1
  local path = base .. ".lua"
  while true do
    local there = contentOf(path)
    if there == nil or there == content then return path end
    number = number + 1
    path = ("%s %d.lua"):format(base, number)
  end
end

-- Write an action with these words in it and add it to the action list. Returns its name, or nil
-- and why not.
function register.words(folder, words)
  words = ask.clean(words)
  local content = SCRIPT:format(words, words)
  local path = pathFor(folder, words, content)
  local ok, why = write(path, content)
  if not ok then return nil, ("%s cannot be written (%s)."):format(path, why or "disk full?") end
  if reaper.AddRemoveReaScript(true, MAIN_SECTION, path, true) == 0 then
    return nil, "REAPER did not take the action into its list: load this file there:\n" .. path
  end
  return path:match("([^/\\]+)%.lua$")
end

return register
