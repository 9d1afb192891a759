-- @noindex
-- A script's course in plain order: `pause` lets REAPER go on and comes back at its next tick.

local flow = {}

-- A longer pause between two ticks was REAPER's own (a render, a dialog): no one's silence.
local MAX_TICK_S = 0.25

local function complain(why)
  reaper.MB("ReaTone's action stopped by a mistake of its own.\n\n" .. tostring(why)
    .. "\n\nPlease report this text.", "ReaTone", 0)
end

-- Run `body` over as many ticks as it pauses. An error in it becomes a message. The deferred call
-- at the end keeps REAPER from adding an undo point for a script that changed nothing itself.
function flow.drive(body)
  local thread = coroutine.create(body)
  local function step()
    local ok, why = coroutine.resume(thread)
    if not ok then complain(debug.traceback(thread, why)) end
    if coroutine.status(thread) == "suspended" then
      reaper.defer(step)
    else
      reaper.defer(function() end)
    end
  end
  step()
end

-- Wait for the next tick. Returns the seconds that passed, as far as they count.
function flow.pause()
  local before = reaper.time_precise()
  coroutine.yield()
  return math.max(math.min(reaper.time_precise() - before, MAX_TICK_S), 0)
end

-- Pause until `ready()` is true or the time is over. Returns whether it became true.
function flow.await(seconds, ready, each)
  while not ready() do
    if seconds <= 0 then return false end
    if each then each() end
    seconds = seconds - flow.pause()
  end
  return true
end

return flow
