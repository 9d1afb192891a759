-- @description ReaTone: automatic equaliser (actions)
-- @author ReaTone
-- @version 0.1.0
-- @about
--   # ReaTone
--   Equalises tracks with ReaEQ: listens to them, works out what they are, and writes an EQ that
--   you can read, edit, dial back, compare and undo. This action does so with the selected tracks.
--
--   These actions need ReaTone itself: `pip install reatone`, then `reatone install`.
-- @provides
--   [main] .
--   [main] ReaTone_Amount down.lua
--   [main] ReaTone_Amount up.lua
--   [main] ReaTone_Compare with and without EQ.lua
--   [main] ReaTone_Describe the sound of selected tracks.lua
--   [main] ReaTone_Equalise master.lua
--   [main] ReaTone_Load preset.lua
--   [main] ReaTone_Make action from words.lua
--   [main] ReaTone_Match selected tracks to reference.lua
--   [main] ReaTone_Register actions.lua
--   [main] ReaTone_Revert selected tracks.lua
--   [main] ReaTone_Save preset.lua
--   [main] ReaTone_Set amount.lua
--   [main] ReaTone_Start ReaTone.lua
--   [nomain] lib/*.lua

local folder = debug.getinfo(1, "S").source:match("^@(.*[/\\])")
dofile(folder .. "lib/reatone.lua").equalise()
