-- What Lightroom Classic reads first: a target of Export called "focusstack".

return {
  LrSdkVersion = 6.0,
  LrSdkMinimumVersion = 6.0,
  LrToolkitIdentifier = "io.github.focusstack",
  LrPluginName = "focusstack",
  LrExportServiceProvider = { title = "focusstack", file = "Export.lua" },
  VERSION = { major = 0, minor = 1, revision = 0 },
}
