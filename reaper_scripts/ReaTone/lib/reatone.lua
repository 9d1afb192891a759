-- @noindex
-- What ReaTone's actions do. Each action file calls one of these functions, once.

local LIB = debug.getinfo(1, "S").source:match("^@(.*[/\\])")
local HOME = LIB:match("^(.*[/\\])[^/\\]+[/\\]$")
package.path = LIB .. "?.lua;" .. package.path

local ask = require("ask")
local flow = require("flow")
local job = require("job")
local own = require("own")
local register = require("register")
local screen = require("screen")
local start = require("start")
local store = require("store")

local reatone = {}

local RESTART = 1 | 2 -- started again while it runs: REAPER ends the old one without a question
local AMOUNT_STEP = 0.1
local LOWEST_PERCENT, HIGHEST_PERCENT = -100, 200

-- Look after the requests until all that matter have ended.
local function attend(watches)
  local dt = 0.0
  while true do
    local shown = nil
    for _, watch in ipairs(watches) do
      if not watch.outcome then watch:step(dt) end
      if not watch.outcome and not watch.quiet then shown = shown or watch end
    end
    if not shown then return end
    screen.show(shown.label, shown.fraction, dt)
    dt = flow.pause()
  end
end

-- End in one message.
local function report(watches)
  local texts, isGood = {}, true
  for _, watch in ipairs(watches) do
    if not watch.quiet then
      texts[#texts + 1] = watch.outcome.text
      isGood = isGood and watch.outcome.ok
    end
  end
  local text = table.concat(texts, "\n\n")
  if isGood then screen.tell(text) else screen.warn(text) end
end

-- Make sure that ReaTone runs, ask `prepare` for a request { kind, args, after } (nil: the user
-- thought better of it), hand it over and follow it to its end.
local function run(prepare)
  if reaper.set_action_options then reaper.set_action_options(RESTART) end
  local watches = job.adopt()
  reaper.atexit(function()
    job.leave(watches)
    screen.hush()
  end)
  flow.drive(function()
    if not start.ensure(HOME) then return end
    local request = prepare()
    if not request then return end
    local mine = job.watch(job.send(request.kind, request.args), request.kind)
    watches[#watches + 1] = mine
    attend(watches)
    if request.after then request.after(mine.outcome) end
    report(watches)
  end)
end

-- Listen to the selected tracks and equalise them.
function reatone.equalise()
  run(function() return { kind = "auto" } end)
end

-- Listen to the master and equalise it.
function reatone.equaliseMaster()
  run(function() return { kind = "master" } end)
end

-- Change the sound of the selected tracks by words; asks for them when there are none.
function reatone.describe(words)
  run(function()
    local text = words
      or ask.text("Describe the sound", "Words (empty: the last ones)", "words")
    return text and { kind = "describe", args = { text = text } }
  end)
end

-- Bring the selected tracks close to a recording that the user chooses.
function reatone.match()
  run(function()
    local title = "Choose a recording to match"
    local ok, path = reaper.GetUserFileNameForRead(store.get("reference"), title, "")
    if not ok then return nil end
    store.keep("reference", path)
    return { kind = "match", args = { path = path } }
  end)
end

local function changeAmount(by)
  run(function() return { kind = "amount", args = { by = by } } end)
end

-- Let the EQ act more strongly.
function reatone.amountUp()
  changeAmount(AMOUNT_STEP)
end

-- Let the EQ act less strongly.
function reatone.amountDown()
  changeAmount(-AMOUNT_STEP)
end

-- Set how strongly the EQ acts: from a fader (MIDI or OSC, 0 to 100 %), else by asking.
function reatone.setAmount()
  local _, _, _, _, mode, resolution, value = reaper.get_action_context()
  run(function()
    if mode == 0 and resolution > 0 and value >= 0 then
      return { kind = "amount", args = { set = value / resolution } }
    end
    local caption = ("Amount in %% (%d to %d)"):format(LOWEST_PERCENT, HIGHEST_PERCENT)
    local percent = ask.number("Amount", caption, "amount", LOWEST_PERCENT, HIGHEST_PERCENT)
    return percent and { kind = "amount", args = { set = percent / 100 } }
  end)
end

-- Hear the selected tracks without the EQ and, the next time, with it. Both are equally loud,
-- because the EQ keeps the loudness. The button is lit while the EQ is bypassed.
function reatone.compare()
  local _, _, section, command = reaper.get_action_context()
  run(function()
    local isHeard = own.isHeard()
    if isHeard == nil then
      screen.warn("None of the selected tracks has a ReaTone EQ.\n\nEqualise them first.")
      return nil
    end
    return {
      kind = "compare",
      args = { on = not isHeard },
      after = function()
        reaper.SetToggleCommandState(section, command, own.isHeard() == false and 1 or 0)
        reaper.RefreshToolbar2(section, command)
      end,
    }
  end)
end

-- Put back what was on the selected tracks before ReaTone.
function reatone.revert()
  run(function() return { kind = "revert" } end)
end

local function presetNamed(title, kind)
  run(function()
    local name = ask.text(title, "Name (empty: the last ones)", "presets")
    return name and { kind = kind, args = { name = name } }
  end)
end

-- Save the EQ of the selected tracks as a preset.
function reatone.savePreset()
  presetNamed("Save ReaTone preset", "preset_save")
end

-- Put a preset's EQ on the selected tracks.
function reatone.loadPreset()
  presetNamed("Load ReaTone preset", "preset_load")
end

-- Run a short course of its own: no request, no window.
local function say(body)
  reaper.atexit(screen.hush)
  flow.drive(function()
    local text, problem = body()
    if problem then
      screen.warn(problem)
    elseif text then
      screen.tell(text)
    end
  end)
end

-- Make an action of some words, for a key, a button or a menu.
function reatone.makeWords()
  say(function()
    local words = ask.text("Make action from words", "Words (empty: the last ones)", "words")
    if not words then return nil end
    local name, problem = register.words(HOME, words)
    return name and ("%s is in the action list."):format(name), problem
  end)
end

-- Add all of ReaTone's actions to the action list.
function reatone.registerActions()
  say(function()
    local count, failed = register.all(HOME)
    if #failed > 0 then
      return nil, "REAPER did not take these actions into its list:\n" .. table.concat(failed, "\n")
    end
    return ("%d ReaTone actions are in the action list: type ReaTone there."):format(count)
  end)
end

-- Start what is missing of ReaTone.
function reatone.start()
  if reaper.set_action_options then reaper.set_action_options(RESTART) end
  say(function()
    local problem = start.begin(HOME)
    return not problem and "ReaTone is running." or nil, problem
  end)
end

return reatone
