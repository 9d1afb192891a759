-- @description ReaTone: revert selected tracks
-- @author ReaTone
-- @version 0.1.0
-- @about
--   Puts back what was on the selected tracks before ReaTone.
-- @noindex

local folder = debug.getinfo(1, "S").source:match("^@(.*[/\\])")
dofile(folder .. "lib/reatone.lua").revert()
