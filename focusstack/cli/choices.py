"""What there is to choose from, and how the help explains it."""

from __future__ import annotations

from enum import StrEnum


class Format(StrEnum):
    """Formats that are written."""

    auto = "auto"
    jpg = "jpg"
    png = "png"
    tif = "tif"


class BitDepth(StrEnum):
    """Bits of a channel that are written."""

    auto = "auto"
    eight = "8"
    sixteen = "16"


class Method(StrEnum):
    """Fusion methods."""

    auto = "auto"
    pyramid = "pyramid"
    weighted = "weighted"
    depth = "depth"


class Moved(StrEnum):
    """What is done about things that move."""

    auto = "auto"
    off = "off"


class Edges(StrEnum):
    """What is done near steps in depth."""

    fast = "fast"
    layers = "layers"


class FailOn(StrEnum):
    """Verdicts from which on a command ends with an exit code of its own."""

    look = "look"
    fail = "fail"


ALSO = {"jpeg": "jpg", "jpe": "jpg", "tiff": "tif"}
"""Other names of formats that are understood."""

METHODS = (
    "How the frames become one picture:\n"
    "auto: the best for most stacks, with the least noise\n"
    "pyramid: the strongest detail wins; for fine hair and crossing things\n"
    "weighted: as auto, with all colours weighed alike\n"
    "depth: every place from one frame; for smooth, continuous subjects"
)
"""Help of ``--method``: a line for each."""

EDGES = (
    "What to do where near stands before far:\n"
    "fast: the same as everywhere\n"
    "layers: explain the frames by layers where that is proven; takes many times as long"
)
"""Help of ``--edges``: a line for each."""
