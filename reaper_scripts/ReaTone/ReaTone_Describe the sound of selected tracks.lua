-- @description ReaTone: describe the sound of selected tracks
-- @author ReaTone
-- @version 0.1.0
-- @about
--   Asks for words, such as "warmer, less boxy", and changes the selected tracks by them.
--   Remembers your last words: empty the field to choose from them.
-- @noindex

local folder = debug.getinfo(1, "S").source:match("^@(.*[/\\])")
dofile(folder .. "lib/reatone.lua").describe()
