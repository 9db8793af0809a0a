"""What all frames of one stack must have in common."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from focusstack.errors import InputError
from focusstack.images.profile import colours_of, name_of
from focusstack.images.read import Probe


def check_count(count: int) -> None:
    """Refuse fewer than two frames."""
    if count < 2:
        raise InputError(
            f"A stack needs at least two frames; there {'is one' if count else 'are none'}.",
            "Name a folder with all frames of the stack.",
        )


def check_names(stems: Sequence[str], shown: Sequence[str]) -> None:
    """Refuse names that would be the same in one output folder."""
    seen: dict[str, str] = {}
    for stem, name in zip(stems, shown, strict=True):
        if stem.casefold() in seen:
            raise InputError(
                f"{seen[stem.casefold()]} and {name} would have the same name in the output.",
                "Leave one out or rename it.",
            )
        seen[stem.casefold()] = name


def common_kind(
    names: Sequence[str], probes: Sequence[Probe]
) -> tuple[tuple[int, int], np.dtype[np.generic], int]:
    """Size, dtype and channels of all frames, which must agree."""
    sizes = [f"{p.width} x {p.height} pixels" for p in probes]
    _check_equal(names, sizes, "size", "Use the frames as the camera wrote them, all one way up.")
    kinds = [f"{'grey' if p.channels == 1 else 'RGB'} {p.dtype}" for p in probes]
    _check_equal(names, kinds, "kind", "Export all frames with the same settings.")
    _check_colours(names, probes)
    first = probes[0]
    return (first.width, first.height), first.dtype, first.channels


def _check_colours(names: Sequence[str], probes: Sequence[Probe]) -> None:
    """Refuse profiles that differ in more than their bytes; none at all is sRGB."""
    icc = [p.metadata.icc for p in probes]
    if len(set(icc)) > 1:
        known = {i: colours_of(i, probes[0].channels) for i in set(icc)}
        shown: dict[tuple[float, ...], str] = {}
        for i in icc:
            shown.setdefault(known[i], name_of(i))
        labels = [f"{shown[known[i]]}" for i in icc]
        _check_equal(names, labels, "colour profile", "Convert all frames to one profile.")


def _check_equal(names: Sequence[str], values: Sequence[str], what: str, remedy: str) -> None:
    """Name the frames whose value is not that of the majority (of the first, if undecided)."""
    (usual, count), *others = Counter(values).most_common()
    if not others:
        return
    odd = [f"{name} ({value})" for name, value in zip(names, values, strict=True) if value != usual]
    more = f" and {len(odd) - 8} more" if len(odd) > 8 else ""
    raise InputError(
        f"The frames differ in {what}: {count} are {usual}, but not {', '.join(odd[:8])}{more}.",
        f"Leave the odd ones out. {remedy}",
    )
