-- @noindex
-- ReaTone's keys in REAPER's ExtState. Persistent values hold no line breaks: they go into an ini.

local store = {}

local SECTION = "ReaTone"

function store.get(key)
  return reaper.GetExtState(SECTION, key)
end

function store.set(key, value)
  reaper.SetExtState(SECTION, key, value, false)
end

function store.keep(key, value)
  reaper.SetExtState(SECTION, key, value, true)
end

function store.drop(key)
  reaper.DeleteExtState(SECTION, key, false)
end

return store
