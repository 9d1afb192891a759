-- @noindex
-- A small window with what is being done and how far it is: by ReaImGui when it is installed
-- (sharp on any screen, leaves the keyboard to REAPER), else by gfx.
--
-- A view has show(text, fraction), which returns false once the user closed the window or pressed
-- Escape (no fraction: no bar), and close(). It is to be called once a tick.

local progress = {}

local TITLE = "ReaTone"
local WIDTH, HEIGHT, HIGHEST, MARGIN, BAR = 380, 120, 640, 14, 12
local ESCAPE, CLOSED = 27, -1

-- gfx -------------------------------------------------------------------------------------------

local Plain = {}
Plain.__index = Plain

local function openPlain()
  local x, y = reaper.GetMousePosition()
  gfx.ext_retina = 1
  gfx.init(TITLE, WIDTH, HEIGHT, 0, x - WIDTH // 2, math.max(y - HEIGHT - 40, 0))
  local scale = gfx.ext_retina > 1 and gfx.ext_retina or 1
  gfx.setfont(1, "Arial", math.floor(15 * scale))
  return setmetatable({ scale = scale }, Plain)
end

-- Break a text into the lines that fit.
local function wrapped(text, width)
  local lines = {}
  for paragraph in (text .. "\n"):gmatch("(.-)\n") do
    local line = ""
    for word in paragraph:gmatch("%S+") do
      local longer = line == "" and word or line .. " " .. word
      if line ~= "" and gfx.measurestr(longer) > width then
        lines[#lines + 1], line = line, word
      else
        line = longer
      end
    end
    lines[#lines + 1] = line
  end
  return lines
end

function Plain:bar(fraction, y, width)
  local margin, height = MARGIN * self.scale, BAR * self.scale
  gfx.set(0.30, 0.30, 0.30)
  gfx.rect(margin, y, width, height)
  gfx.set(0.35, 0.65, 0.85)
  gfx.rect(margin, y, math.floor(width * fraction), height)
  return y + height + margin
end

-- Make room for what is shown: an empty title resizes the window.
function Plain:grow(height)
  if height > gfx.h and gfx.h < HIGHEST then gfx.init("", gfx.w, math.min(height, HIGHEST)) end
end

function Plain:draw(fraction, text)
  local margin, line = MARGIN * self.scale, gfx.texth + 2
  local width, y = gfx.w - 2 * margin, margin
  local lines = wrapped(text, width)
  self:grow(#lines * line + (fraction and BAR * self.scale + margin or 0) + 2 * margin)
  gfx.set(0.16, 0.16, 0.16)
  gfx.rect(0, 0, gfx.w, gfx.h)
  if fraction then y = self:bar(fraction, y, width) end
  gfx.set(0.92, 0.92, 0.92)
  for _, each in ipairs(lines) do
    gfx.x, gfx.y = margin, y
    gfx.drawstr(each)
    y = y + line
  end
  gfx.update()
end

function Plain:show(text, fraction)
  local key = gfx.getchar()
  if key == CLOSED or key == ESCAPE then return false end
  local state = ("%d %d %s %s"):format(gfx.w, gfx.h, fraction, text)
  if state ~= self.drawn then
    self.drawn = state
    self:draw(fraction, text)
  end
  return true
end

function Plain:close()
  gfx.quit()
end

-- ReaImGui --------------------------------------------------------------------------------------

local Sharp = {}
Sharp.__index = Sharp

local function openSharp()
  return setmetatable({ context = reaper.ImGui_CreateContext(TITLE) }, Sharp)
end

function Sharp:draw(text, fraction)
  reaper.ImGui_SetNextWindowSize(self.context, WIDTH, HEIGHT, reaper.ImGui_Cond_Appearing())
  local flags = reaper.ImGui_WindowFlags_NoFocusOnAppearing()
  local isVisible, isOpen = reaper.ImGui_Begin(self.context, TITLE, true, flags)
  if isVisible then
    if fraction then reaper.ImGui_ProgressBar(self.context, fraction, -1, 0) end
    reaper.ImGui_TextWrapped(self.context, text)
    reaper.ImGui_End(self.context)
  end
  return isOpen
end

-- An extension of another version must not stop the work: the plain window takes over.
function Sharp:show(text, fraction)
  if not self.plain then
    local ok, isOpen = pcall(self.draw, self, text, fraction)
    if ok then return isOpen end
    self.plain = openPlain()
  end
  return self.plain:show(text, fraction)
end

function Sharp:close()
  if self.plain then self.plain:close() end -- the other one goes by not being drawn any more
end

-- Return a view; its window opens now.
function progress.open()
  if reaper.APIExists("ImGui_CreateContext") then
    local ok, view = pcall(openSharp)
    if ok then return view end
  end
  return openPlain()
end

return progress
