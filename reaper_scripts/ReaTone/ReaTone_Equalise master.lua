-- @description ReaTone: equalise master
-- @author ReaTone
-- @version 0.1.0
-- @about
--   Listens to the whole mix and equalises the master track, in one undo step.
-- @noindex

local folder = debug.getinfo(1, "S").source:match("^@(.*[/\\])")
dofile(folder .. "lib/reatone.lua").equaliseMaster()
