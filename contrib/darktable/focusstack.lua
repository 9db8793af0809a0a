--[[
Focus stacks from darktable: "focus stack" becomes a target of the export module. The selected
pictures are exported, stacked by focusstack, and the composite is imported beside them.

Installation: copy this file into the folder "lua" of darktable's configuration, and add the line
  require "focusstack"
to the file "luarc" there. The program focusstack has to be installed; where it is can be set in
the preferences, under "Lua options".

MIT licence, as focusstack.
]]

local dt = require "darktable"

local MODULE = "focusstack"

dt.preferences.register(
  MODULE, "program", "string", "focus stack: program",
  "how focusstack is started: its name, or its whole path", "focusstack")
dt.preferences.register(
  MODULE, "options", "string", "focus stack: options",
  "further options of focusstack run, as on a command line", "")

local on_windows = dt.configuration.running_os == "windows"

local function quoted(text)
  if on_windows then
    return '"' .. text .. '"'
  end
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

local function execute(command)
  if on_windows then -- whose shell takes no command with several quoted words
    return require("lib/dtutils.system").windows_command(command)
  end
  return dt.control.execute(command)
end

local function exists(path)
  local file = io.open(path, "r")
  if file then
    file:close()
  end
  return file ~= nil
end

-- A folder beside the pictures that holds no result yet.
local function free_folder(image, name)
  local base = image.path .. "/" .. name .. "-stacked"
  local folder, number = base, 2
  while exists(folder .. "/report.json") do
    folder, number = base .. "-" .. number, number + 1
  end
  return folder
end

-- The exported files in the order of the pictures' names, and the first picture.
local function exported(images)
  local files, first = {}, nil
  for image, file in pairs(images) do
    files[#files + 1] = file
    if not first or image.filename < first.filename then
      first = image
    end
  end
  table.sort(files)
  return files, first
end

local function stack(_, images)
  local files, first = exported(images)
  if #files < 2 then
    dt.print("a focus stack needs at least two pictures")
    return
  end
  local name = first.filename:gsub("%.[^.]*$", "")
  local folder = free_folder(first, name)
  local words = { quoted(dt.preferences.read(MODULE, "program", "string")), "run" }
  for _, file in ipairs(files) do
    words[#words + 1] = quoted(file)
  end
  words[#words + 1] = "-o " .. quoted(folder)
  words[#words + 1] = "--name " .. quoted(name .. "-stacked") .. " --no-aligned --quiet"
  words[#words + 1] = dt.preferences.read(MODULE, "options", "string")
  dt.print("stacking " .. #files .. " pictures")
  local code = execute(table.concat(words, " "))
  if code ~= 0 then
    dt.print("focusstack ended with code " .. tostring(code) .. "; the terminal tells why")
    return
  end
  local result = folder .. "/" .. name .. "-stacked" .. files[1]:match("%.[^.]*$")
  local imported = dt.database.import(result)
  imported:group_with(first)
  dt.print("stacked: " .. result)
end

local function supported(_, format)
  return format.extension == "jpg" or format.extension == "png" or format.extension == "tif"
end

dt.register_storage(MODULE, "focus stack", nil, stack, supported)
