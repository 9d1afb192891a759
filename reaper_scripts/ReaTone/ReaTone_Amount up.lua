-- @description ReaTone: amount up
-- @author ReaTone
-- @version 0.1.0
-- @about
--   Lets ReaTone's EQ on the selected tracks act more strongly, by 10 %, without listening again.
-- @noindex

local folder = debug.getinfo(1, "S").source:match("^@(.*[/\\])")
dofile(folder .. "lib/reatone.lua").amountUp()
