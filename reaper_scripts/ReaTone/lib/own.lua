-- @noindex
-- Whether ReaTone's EQ is heard on the selected tracks; reads only.

local json = require("json")

local own = {}

local MEMORY_KEY = "P_EXT:reatone"
local ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

local function fromBase64(text)
  local bytes, bits, count = {}, 0, 0
  for character in text:gmatch("[%w+/]") do
    bits, count = (bits << 6) | (ALPHABET:find(character, 1, true) - 1), count + 6
    if count >= 8 then
      count = count - 8
      bytes[#bytes + 1] = string.char((bits >> count) & 0xFF)
    end
  end
  return table.concat(bytes)
end

-- Return the index of ReaTone's EQ on a track: the FX whose GUID the track remembers, nil if none.
local function indexOn(track)
  local ok, text = reaper.GetSetMediaTrackInfo_String(track, MEMORY_KEY, "", false)
  local memory = ok and json.decode(fromBase64(text)) or nil
  if type(memory) ~= "table" then return nil end
  for fx = 0, reaper.TrackFX_GetCount(track) - 1 do
    if reaper.TrackFX_GetFXGUID(track, fx) == memory.fx then return fx end
  end
  return nil
end

local function selectedTracks()
  local tracks = {}
  for i = 0, reaper.CountSelectedTracks(0) - 1 do
    tracks[#tracks + 1] = reaper.GetSelectedTrack(0, i)
  end
  local master = reaper.GetMasterTrack(0)
  if reaper.IsTrackSelected(master) then tracks[#tracks + 1] = master end
  return tracks
end

-- Return true when one of the selected tracks is heard with ReaTone's EQ, false when all of them
-- bypass it, nil when none has one.
function own.isHeard()
  local isHeard = nil
  for _, track in ipairs(selectedTracks()) do
    local fx = indexOn(track)
    if fx then isHeard = isHeard or reaper.TrackFX_GetEnabled(track, fx) end
  end
  return isHeard
end

return own
