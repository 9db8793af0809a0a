"""What the help ends with: what happens without options, and examples for every command."""

EPILOG = (
    "**Start with** `focusstack run photos/`, which writes to `photos-stacked/`, or with "
    "`focusstack inspect photos/`, which writes nothing.\n\n"
    "**Exit codes**: 0 done, 2 usage (also where results exist already), 3 input unusable, "
    "4 the frames cannot be aligned, 5 output cannot be written or another run is writing there, "
    "6 done, but the verdict is as bad as --fail-on says, or stacks of a batch failed, "
    "130 interrupted."
)

_EXAMPLES: dict[str, dict[str, str]] = {
    "run": {
        "focusstack run photos/": "everything, into photos-stacked/",
        "focusstack run IMG_*.jpg -o result --format tif": "written as TIFF",
        "focusstack run photos/ -o result --no-aligned --depth": "composite and depth map only",
        "focusstack run raws/ --plan result/report.json": "the same matrices, gains and crop",
        "focusstack run photos/ -o result --resume": "go on from an interrupted run",
    },
    "align": {
        "focusstack align photos/ -o aligned": "for another stacking program",
        "focusstack align photos/ -o aligned --multipage --bit-depth 16": "pages of one TIFF",
    },
    "fuse": {
        "focusstack fuse aligned/ -o sharp.tif": "all frames of a folder",
        "focusstack fuse aligned/ -o sharp.png --method pyramid --source-map": "another method",
    },
    "equalize": {
        "focusstack equalize photos/ -o even": "",
        "focusstack equalize photos/ -o even --reference IMG_0005.jpg": "to this frame's exposure",
    },
    "crop": {"focusstack crop aligned/ -o cropped": ""},
    "inspect": {
        "focusstack inspect photos/": "a table and a verdict, within seconds",
        "focusstack inspect photos/ --thorough": "as closely as a run measures",
        "focusstack inspect photos/ --thorough --json > plan.json": "a plan for run --plan",
    },
    "split": {
        "focusstack split card/": "the stacks of a card, and why each begins",
        "focusstack split card/ --yes --csv stacks.csv": "a table to edit",
    },
    "batch": {
        "focusstack batch card/ -o stacked": "every stack of a card; again, it goes on",
        "focusstack batch card/ -o stacked --stacks stacks.csv": "as an edited table says",
        "focusstack batch card/ -o stacked --on fail=quarantine": "what failed is put aside",
    },
    "watch": {"focusstack watch tether/ -o stacked": "every burst as soon as it is over"},
    "app": {"focusstack app": "pick or drop pictures, stack, retouch, export"},
    "review": {
        "focusstack review photos-stacked": "look, compare, paint",
        "focusstack review photos-stacked --frames photos/": "frames that lie elsewhere",
    },
    "retouch": {"focusstack retouch photos-stacked": "after another run, or without a browser"},
    "prepare": {
        "focusstack prepare": "",
        "focusstack prepare --quiet": "says what goes wrong",
    },
    "sample": {"focusstack sample demo && focusstack run demo": "needs no pictures"},
}


def epilog(command: str) -> str:
    """Return the examples of a command as Markdown."""
    told = _EXAMPLES[command]
    lines = [f"- `{line}`{' – ' if why else ''}{why}" for line, why in told.items()]
    return "\n".join(["**Examples**", "", *lines])
