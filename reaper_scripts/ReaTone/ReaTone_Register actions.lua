-- @description ReaTone: register actions
-- @author ReaTone
-- @version 0.1.0
-- @about
--   Adds all of ReaTone's actions to the action list. Needed once, if ReaPack did not do it.
-- @noindex

local folder = debug.getinfo(1, "S").source:match("^@(.*[/\\])")
dofile(folder .. "lib/reatone.lua").registerActions()
