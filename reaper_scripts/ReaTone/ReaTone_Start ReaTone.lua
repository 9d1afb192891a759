-- @description ReaTone: start ReaTone
-- @author ReaTone
-- @version 0.1.0
-- @about
--   Starts what is missing of ReaTone: its server in REAPER and the process that listens.
-- @noindex

local folder = debug.getinfo(1, "S").source:match("^@(.*[/\\])")
dofile(folder .. "lib/reatone.lua").start()
