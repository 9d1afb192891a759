-- @noindex
-- JSON, read and written in one pass each.
--
-- json.encode(value) -> text            tables with elements (or json.array) become arrays
-- json.decode(text)  -> value | nil, why  arrays keep their mark, so [] and {} stay what they are
-- json.null stands for null in both directions.

local json = {}

local MAX_DEPTH = 100
local REPLACEMENT = "\u{FFFD}"
local ARRAY = { __name = "json.array" }

local SHORT = {
  ['"'] = '\\"', ["\\"] = "\\\\", ["\b"] = "\\b", ["\f"] = "\\f",
  ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t",
}
local LONG = {
  ['"'] = '"', ["\\"] = "\\", ["/"] = "/", b = "\b", f = "\f", n = "\n", r = "\r", t = "\t",
}

json.null = setmetatable({}, { __name = "json.null", __tostring = function() return "null" end })

-- Mark a table as an array; needed for empty ones only.
function json.array(elements)
  return setmetatable(elements or {}, ARRAY)
end

local encodeValue

-- Replace bytes that are no UTF-8 (a file name of an old system, a cut text).
local function repaired(text)
  local parts, from = {}, 1
  while from <= #text do
    local _, bad = utf8.len(text, from)
    if not bad then break end
    parts[#parts + 1] = text:sub(from, bad - 1)
    parts[#parts + 1] = REPLACEMENT
    from = bad + 1
  end
  parts[#parts + 1] = text:sub(from)
  return table.concat(parts)
end

local function escape(character)
  return SHORT[character] or ("\\u%04x"):format(character:byte())
end

-- Write a character beyond ASCII as \u escapes: such a text survives every reader's idea of lines
-- and encodings.
local function escapeWide(character)
  local code = utf8.codepoint(character)
  if code < 0x10000 then return ("\\u%04x"):format(code) end
  code = code - 0x10000
  return ("\\u%04x\\u%04x"):format(0xD800 + (code >> 10), 0xDC00 + (code & 0x3FF))
end

local function encodeText(text)
  if not utf8.len(text) then text = repaired(text) end
  text = text:gsub('[\0-\31"\\\127]', escape):gsub("[\194-\244][\128-\191]*", escapeWide)
  return '"' .. text .. '"'
end

local function encodeNumber(number)
  if math.type(number) == "integer" then return tostring(number) end
  if number ~= number or number == math.huge or number == -math.huge then
    error("JSON knows no number " .. tostring(number), 0)
  end
  local text = ("%.17g"):format(number):gsub(",", ".") -- a decimal comma of the system's locale
  return text:find("[.e]") and text or text .. ".0"
end

local function encodeArray(elements, depth)
  local parts = {}
  for i = 1, #elements do parts[i] = encodeValue(elements[i], depth) end
  return "[" .. table.concat(parts, ",") .. "]"
end

local function encodeObject(fields, depth)
  local keys, parts = {}, {}
  for key in pairs(fields) do
    if type(key) ~= "string" then error("JSON knows no key of type " .. type(key), 0) end
    keys[#keys + 1] = key
  end
  table.sort(keys)
  for i, key in ipairs(keys) do
    parts[i] = encodeText(key) .. ":" .. encodeValue(fields[key], depth)
  end
  return "{" .. table.concat(parts, ",") .. "}"
end

function encodeValue(value, depth)
  local kind = type(value)
  if value == nil or value == json.null then return "null" end
  if kind == "boolean" then return tostring(value) end
  if kind == "number" then return encodeNumber(value) end
  if kind == "string" then return encodeText(value) end
  if kind ~= "table" then error("JSON knows no " .. kind, 0) end
  if depth > MAX_DEPTH then error("too deep for JSON, or a loop", 0) end
  if getmetatable(value) == ARRAY or #value > 0 then return encodeArray(value, depth + 1) end
  return encodeObject(value, depth + 1)
end

-- Return the JSON text of a value, in one line of ASCII. Raises an error for what JSON cannot hold.
function json.encode(value)
  return encodeValue(value, 0)
end

local decodeValue

local function fail(what, at)
  error({ json = ("%s at byte %d"):format(what, at) }, 0)
end

local function skip(text, at)
  return text:find("[^ \t\r\n]", at) or #text + 1
end

-- Read the four digits of \uXXXX; `at` is the first of them.
local function codeUnit(text, at)
  local digits = text:match("^%x%x%x%x", at) or fail("\\u without four digits", at)
  return tonumber(digits, 16)
end

-- Read a \u escape, with its second half if there is one; `at` is behind the u.
local function unicodeEscape(text, at)
  local code = codeUnit(text, at)
  if code < 0xD800 or code > 0xDFFF then return utf8.char(code), at + 4 end
  if code < 0xDC00 and text:sub(at + 4, at + 5) == "\\u" then
    local low = codeUnit(text, at + 6)
    if low >= 0xDC00 and low <= 0xDFFF then
      return utf8.char(0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00)), at + 10
    end
  end
  return REPLACEMENT, at + 4
end

local function decodeText(text, at)
  local parts, from = {}, at + 1
  while true do
    local stop = text:find('[\0-\31"\\]', from)
    if not stop then fail("a text without end", at) end
    parts[#parts + 1] = text:sub(from, stop - 1)
    local character = text:sub(stop, stop)
    if character == '"' then return table.concat(parts), stop + 1 end
    if character ~= "\\" then
      fail("a control character in a text", stop)
    elseif text:sub(stop + 1, stop + 1) == "u" then
      parts[#parts + 1], from = unicodeEscape(text, stop + 2)
    else
      local meant = LONG[text:sub(stop + 1, stop + 1)] or fail("an unknown escape", stop)
      parts[#parts + 1], from = meant, stop + 2
    end
  end
end

local function decodeNumber(text, at)
  local digits = text:match("^-?%d+%.?%d*[eE]?[+-]?%d*", at) or ""
  local whole = digits:match("^-?(%d+)") or ""
  local wellFormed = digits:find("^-?%d+$") or digits:find("^-?%d+%.%d+$")
    or digits:find("^-?%d+[eE][+-]?%d+$") or digits:find("^-?%d+%.%d+[eE][+-]?%d+$")
  if not wellFormed or (#whole > 1 and whole:sub(1, 1) == "0") then fail("no value", at) end
  local number = tonumber(digits)
  if number == math.huge or number == -math.huge then fail("a number too large", at) end
  return number, at + #digits
end

local function decodeArray(text, at, depth)
  local elements = json.array()
  at = skip(text, at + 1)
  if text:sub(at, at) == "]" then return elements, at + 1 end
  while true do
    elements[#elements + 1], at = decodeValue(text, at, depth)
    at = skip(text, at)
    local mark = text:sub(at, at)
    if mark == "]" then return elements, at + 1 end
    if mark ~= "," then fail("neither , nor ] in an array", at) end
    at = skip(text, at + 1)
  end
end

local function decodeObject(text, at, depth)
  local fields = {}
  at = skip(text, at + 1)
  if text:sub(at, at) == "}" then return fields, at + 1 end
  while true do
    if text:sub(at, at) ~= '"' then fail("a key that is no text", at) end
    local key
    key, at = decodeText(text, at)
    at = skip(text, at)
    if text:sub(at, at) ~= ":" then fail("no : behind a key", at) end
    fields[key], at = decodeValue(text, skip(text, at + 1), depth)
    at = skip(text, at)
    local mark = text:sub(at, at)
    if mark == "}" then return fields, at + 1 end
    if mark ~= "," then fail("neither , nor } in an object", at) end
    at = skip(text, at + 1)
  end
end

function decodeValue(text, at, depth)
  if depth > MAX_DEPTH then fail("too deep", at) end
  local first = text:sub(at, at)
  if first == '"' then return decodeText(text, at) end
  if first == "{" then return decodeObject(text, at, depth + 1) end
  if first == "[" then return decodeArray(text, at, depth + 1) end
  if text:sub(at, at + 3) == "true" then return true, at + 4 end
  if text:sub(at, at + 4) == "false" then return false, at + 5 end
  if text:sub(at, at + 3) == "null" then return json.null, at + 4 end
  return decodeNumber(text, at)
end

-- Return the value of a JSON text; nil and the reason when it is not one.
function json.decode(text)
  local ok, value, stop = pcall(decodeValue, text, skip(text, 1), 0)
  if not ok then
    if type(value) == "table" then return nil, value.json end
    error(value, 0)
  end
  local rest = skip(text, stop)
  if rest <= #text then return nil, ("something behind the value at byte %d"):format(rest) end
  return value
end

return json
