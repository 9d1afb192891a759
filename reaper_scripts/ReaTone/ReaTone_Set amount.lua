-- @description ReaTone: set amount
-- @author ReaTone
-- @version 0.1.0
-- @about
--   Sets how strongly ReaTone's EQ acts, from -100 % (the inverse) over 0 (none) to 200 %.
--   Bound to a fader by MIDI or OSC, its travel is 0 to 100 %; otherwise it asks.
-- @noindex

local folder = debug.getinfo(1, "S").source:match("^@(.*[/\\])")
dofile(folder .. "lib/reatone.lua").setAmount()
