-- Renders the selected photos, stacks them by focusstack, and adds the composite to the catalog,
-- beside the first of them.

local LrApplication = import "LrApplication"
local LrDialogs = import "LrDialogs"
local LrFileUtils = import "LrFileUtils"
local LrPathUtils = import "LrPathUtils"
local LrTasks = import "LrTasks"
local LrView = import "LrView"

local function quoted(text)
  if WIN_ENV then
    return '"' .. text .. '"'
  end
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

local function execute(command)
  -- The shell of Windows takes off the outermost quotes.
  return LrTasks.execute(WIN_ENV and '"' .. command .. '"' or command)
end

-- A folder beside the first photo that holds nothing yet.
local function free_folder(photo)
  local path = photo:getRawMetadata("path")
  local base = LrPathUtils.removeExtension(path) .. "-stacked"
  local folder, number = base, 2
  while LrFileUtils.exists(folder) do
    folder, number = base .. "-" .. number, number + 1
  end
  return folder
end

local function rendered(context)
  local files, first = {}, nil
  for _, rendition in context:renditions() do
    local done, told = rendition:waitForRender()
    if not done then
      LrDialogs.message("A photo could not be rendered", told, "critical")
      return nil
    end
    files[#files + 1] = told
    first = first or rendition.photo
  end
  return files, first
end

local function process(_, context)
  local settings = context.propertyTable
  local files, first = rendered(context)
  if not files then
    return
  end
  local folder = free_folder(first)
  local name = LrPathUtils.leafName(folder)
  local words = { quoted(settings.focusstackProgram), "run" }
  for _, file in ipairs(files) do
    words[#words + 1] = quoted(file)
  end
  words[#words + 1] = "-o " .. quoted(folder) .. " --name " .. quoted(name)
  words[#words + 1] = "--no-aligned --quiet " .. settings.focusstackOptions
  local code = execute(table.concat(words, " "))
  if code ~= 0 then
    local why = "focusstack ended with code " .. tostring(code) .. "."
    LrDialogs.message("The photos could not be stacked", why, "critical")
    return
  end
  local suffix = LrPathUtils.extension(files[1])
  local result = LrPathUtils.child(folder, LrPathUtils.addExtension(name, suffix))
  local catalog = LrApplication.activeCatalog()
  catalog:withWriteAccessDo("Add the focus stack", function()
    catalog:addPhoto(result, first, "above")
  end)
end

local function section(f, settings)
  local bind = LrView.bind
  return {
    {
      title = "focusstack",
      f:row {
        f:static_text { title = "Program" },
        f:edit_field { value = bind "focusstackProgram", width_in_chars = 40 },
      },
      f:row {
        f:static_text { title = "Options" },
        f:edit_field { value = bind "focusstackOptions", width_in_chars = 40 },
      },
    },
  }
end

return {
  exportPresetFields = {
    { key = "focusstackProgram", default = "focusstack" },
    { key = "focusstackOptions", default = "" },
  },
  hideSections = { "exportLocation", "video" }, -- photos are rendered to a folder that vanishes
  allowFileFormats = { "TIFF", "JPEG" },
  canExportVideo = false,
  sectionsForTopOfDialog = section,
  processRenderedPhotos = process,
}
