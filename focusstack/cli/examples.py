"""What the help ends with: examples for every command."""

EPILOG = (
    "**Exit codes**: 0 done, 2 usage, 3 input unusable, 4 the frames cannot be aligned, "
    "5 output cannot be written, 130 interrupted.\n\n"
    "**Example**: `focusstack run photos/` writes the result to `photos-stacked/`."
)

EXAMPLES = {
    "run": "**Examples**: `focusstack run photos/` · "
    "`focusstack run IMG_*.jpg -o result --format tif` · "
    "`focusstack run raws/ --plan result/report.json`",
    "align": "**Example**: `focusstack align photos/ -o aligned --format tif`",
    "fuse": "**Example**: `focusstack fuse aligned/ -o sharp.tif`",
    "equalize": "**Example**: `focusstack equalize photos/ -o even`",
    "crop": "**Example**: `focusstack crop aligned/ -o cropped`",
    "inspect": "**Example**: `focusstack inspect photos/ --json > report.json`",
    "sample": "**Example**: `focusstack sample demo && focusstack run demo`",
}
"""By command."""
