-- @description ReaTone: make action from words
-- @author ReaTone
-- @version 0.1.0
-- @about
--   Makes an action of some words, such as "warmer", for a key, a toolbar button or a menu.
-- @noindex

local folder = debug.getinfo(1, "S").source:match("^@(.*[/\\])")
dofile(folder .. "lib/reatone.lua").makeWords()
