-- @noindex
-- What the user sees of an action: progress once it takes a while, and one message at the end.

local flow = require("flow")
local progress = require("progress")

local screen = {}

local TITLE = "ReaTone"
local SHOW_AFTER_S = 0.4 -- what is quicker than this opens no window
local NOTE_S, NOTE_S_PER_BYTE, LONGEST_NOTE_S = 3.0, 0.03, 12.0
local OK, YES_NO, YES = 0, 4, 6

local view, isDismissed, waited = nil, false, 0.0

-- Show how far the work is; call it once a tick with the time since the last one. A window that the
-- user closes stays closed while the work goes on.
function screen.show(label, fraction, dt)
  waited = waited + dt
  if isDismissed or waited < SHOW_AFTER_S then return end
  view = view or progress.open()
  if not view:show(label, fraction) then
    screen.close()
    isDismissed = true
  end
end

function screen.close()
  if view then view:close() end
  view = nil
end

-- Read a message to users of a screen reader, who get nothing from windows like ours.
local function speak(text)
  if reaper.APIExists("osara_outputMessage") then reaper.osara_outputMessage(text) end
end

-- Say what was done without stopping anyone: in the open window, or as a tip at the pointer.
function screen.tell(text)
  local left = math.min(NOTE_S + NOTE_S_PER_BYTE * #text, LONGEST_NOTE_S)
  speak(text)
  if view then
    while left > 0 and view:show(text) do left = left - flow.pause() end
    screen.close()
  else
    local x, y = reaper.GetMousePosition()
    reaper.TrackCtl_SetToolTip(text, x + 12, y + 12, true)
    while left > 0 do left = left - flow.pause() end
    screen.hush()
  end
end

-- Take away what is still to be seen.
function screen.hush()
  screen.close()
  reaper.TrackCtl_SetToolTip("", 0, 0, true)
end

-- Say what went wrong; the user has to acknowledge it.
function screen.warn(text)
  screen.close()
  reaper.MB(text, TITLE, OK)
end

-- Ask a question. Returns whether the answer is yes.
function screen.ask(text)
  return reaper.MB(text, TITLE, YES_NO) == YES
end

return screen
