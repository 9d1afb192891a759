-- @noindex
-- Starting what is missing: the server in REAPER (a Python script), the process behind it.

local flow = require("flow")
local job = require("job")
local screen = require("screen")
local store = require("store")

local start = {}

local SERVER_SCRIPT = "ReaTone_Start server.py"
local DOUBT_S, SERVER_S, RECONNECT_S, DAEMON_S, FAILED_S = 1.0, 6.0, 2.0, 20.0, 5.0
local DONT_WAIT_MINIMISED = -2

local NO_SERVER_FILE = "ReaTone's server script is not there:\n%s\n\n"
  .. "Run this in a terminal:  reatone install"
local NO_SERVER = "ReaTone's server did not start in REAPER.\n\nEnable Python in Preferences > "
  .. "Plug-ins > ReaScript, then try again. If that is not it, run in a terminal:  reatone doctor"
local NO_COMMAND = "ReaTone is not installed completely: REAPER does not know how to start it.\n\n"
  .. "Run this in a terminal:  reatone install"
local NO_DAEMON = "ReaTone did not start.\n\nRun this in a terminal to see why:  reatone doctor"

-- Wait until `state` is reached, with the progress in view. Returns whether it was.
local function reached(label, seconds, isReached)
  return flow.await(seconds, isReached, function() screen.show(label, 0.0, 1 / 30) end)
end

local function hasServer()
  local standing = job.standing()
  return standing == "ready" or standing == "no daemon"
end

local function isReady()
  return job.standing() == "ready"
end

-- Return the path of the server script: beside the actions, or where the installer puts it.
local function findServer(folder)
  local installed = reaper.GetResourcePath() .. "/Scripts/ReaTone/"
  for _, place in ipairs({ folder, installed }) do
    if reaper.file_exists(place .. SERVER_SCRIPT) then return place .. SERVER_SCRIPT end
  end
  return nil, installed .. SERVER_SCRIPT
end

local function startServer(folder)
  local path, missing = findServer(folder)
  if not path then return NO_SERVER_FILE:format(missing) end
  local command = reaper.AddRemoveReaScript(true, 0, path, true)
  if command == 0 then return NO_SERVER end
  reaper.Main_OnCommand(command, 0)
  if not reached("Starting ReaTone in REAPER", SERVER_S, hasServer) then return NO_SERVER end
  reached("Waiting for ReaTone", RECONNECT_S, isReady) -- a running process finds us by itself
  return nil
end

local function startDaemon()
  local command = store.get("command")
  if command == "" then return NO_COMMAND end
  -- An answer is promised to those who wait for the end only: without one it comes up, or does not.
  local seconds = reaper.ExecProcess(command, DONT_WAIT_MINIMISED) and DAEMON_S or FAILED_S
  return not reached("Starting ReaTone", seconds, isReady) and NO_DAEMON or nil
end

-- Start what is missing. Returns nil, or why it did not work.
function start.begin(folder)
  local problem = not hasServer() and startServer(folder) or nil
  if not problem and not isReady() then problem = startDaemon() end
  return problem
end

-- Return true when ReaTone runs; otherwise say so at once and offer to start it.
function start.ensure(folder)
  if job.standing() == "unsure" then
    flow.await(DOUBT_S, function() return job.standing() ~= "unsure" end)
  end
  if isReady() then return true end
  local where = hasServer() and "" or " in REAPER"
  if not screen.ask("ReaTone is not running" .. where .. ".\n\nStart it now?") then return false end
  local problem = start.begin(folder)
  if problem then screen.warn(problem) end
  return problem == nil
end

return start
