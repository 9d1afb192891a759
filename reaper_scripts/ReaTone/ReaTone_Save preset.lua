-- @description ReaTone: save preset
-- @author ReaTone
-- @version 0.1.0
-- @about
--   Saves ReaTone's EQ of the selected tracks under a name.
-- @noindex

local folder = debug.getinfo(1, "S").source:match("^@(.*[/\\])")
dofile(folder .. "lib/reatone.lua").savePreset()
