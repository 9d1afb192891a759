-- @description ReaTone: compare with and without EQ
-- @author ReaTone
-- @version 0.1.0
-- @about
--   Bypasses ReaTone's EQ on the selected tracks or puts it back. Both sound equally loud.
--   A toolbar button of this action is lit while the EQ is bypassed.
-- @noindex

local folder = debug.getinfo(1, "S").source:match("^@(.*[/\\])")
dofile(folder .. "lib/reatone.lua").compare()
