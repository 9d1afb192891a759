-- @description ReaTone: match selected tracks to reference
-- @author ReaTone
-- @version 0.1.0
-- @about
--   Asks for a recording and brings the sound of the selected tracks close to it.
-- @noindex

local folder = debug.getinfo(1, "S").source:match("^@(.*[/\\])")
dofile(folder .. "lib/reatone.lua").match()
