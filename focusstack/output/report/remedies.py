"""What to do about a warning."""

from __future__ import annotations

import re

REMEDIES = (
    (
        r"another scene, or no overlap",
        "If it belongs to the stack, add the frames between it and the others; else remove it.",
    ),
    (
        r"its links to the rest break",
        "Frames between it and the rest are missing: take more, with smaller focus steps, or "
        "stack the groups one by one.",
    ),
    (
        r"too blurred to be placed",
        "Take that frame again, with a shorter exposure or a support; or remove it.",
    ),
    (
        r"too little detail to be placed",
        "Nothing is lost if it was focused beyond the subject; remove it to silence this.",
    ),
    (
        r"exposed beyond repair",
        "Take that frame again at the others' exposure, or remove it.",
    ),
    (
        r"cannot be placed|left out: ",
        "See whether what it alone shows sharp is missing; take it again if it is.",
    ),
    (
        r"left out, results of focusstack|left out, reduced copies",
        "Name the files themselves if they are meant to be frames.",
    ),
    (
        r"exposure could not be compared and is left as it is",
        "Look for steps of brightness; with EXIF in the files the exposure would be taken from it.",
    ),
    (
        r"exposure could not be compared and is taken from EXIF",
        "Look for small steps of brightness: EXIF rounds to a third of a stop.",
    ),
    (
        r"recorded in EXIF is not the one measured",
        "Nothing, if the light or the aperture changed; the pictures were believed.",
    ),
    (
        r"common exposure is .* below",
        "Brighten the composite in your editor: it has 16 bits, so nothing is lost.",
    ),
    (
        r"clipped in every frame",
        "Expose the stack less, or add a frame with a shorter exposure.",
    ),
    (
        r"alone takes .* of the common area",
        "Leave that frame out if the picture can do without what it shows sharp.",
    ),
    (
        r"something moved between frames",
        "Have it marked beneath the picture. If it is not sharp there, try --method depth, or take "
        "the stack again without wind.",
    ),
    (
        r"the plan is of a quick look",
        "Run again without --plan, or with a plan of inspect --thorough --json.",
    ),
    (
        r"EXIF data is damaged",
        "Nothing for the pictures; copy the file again from its source if you need its EXIF.",
    ),
    (
        r"colour profile is damaged|tone curves of sRGB are assumed|values are taken for sRGB's",
        "Look at the colours; convert the frames to sRGB in your editor if they are wrong.",
    ),
    (
        r"bits are read as 8",
        "Convert the frames to 16-bit TIFF or PNG first if banding shows.",
    ),
)
"""Pattern of a warning, and what to do about it; the first that is found counts."""

OTHERWISE = "Look at the frames it names."


def remedy(warning: str) -> str:
    """Return what to do about a warning."""
    return next((todo for what, todo in REMEDIES if re.search(what, warning)), OTHERWISE)
