-- @description ReaTone: load preset
-- @author ReaTone
-- @version 0.1.0
-- @about
--   Puts a saved EQ on the selected tracks.
-- @noindex

local folder = debug.getinfo(1, "S").source:match("^@(.*[/\\])")
dofile(folder .. "lib/reatone.lua").loadPreset()
