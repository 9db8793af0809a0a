"""What was meant by a name that does not exist."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches

ALIKE = 0.55
"""Likeness of names (difflib's ratio, 0 to 1) from which on one is offered for another.

Chosen, not measured: half of the letters agree, and it decides the words of an error only.
"""

OFFERED = 2
"""Names that are offered at most. Chosen, not measured."""


def did_you_mean(given: str, names: Mapping[str, str]) -> str:
    """Return a question that names what is most like `given`; nothing if nothing is.

    Parameters
    ----------
    given : str
        What does not exist.
    names : mapping of str to str
        What does, and how it is shown.

    Examples
    --------
    >>> did_you_mean("tiff", {"jpg": "--format jpg", "tif": "--format tif"})
    'Did you mean --format tif?'
    """
    close = get_close_matches(given, [*names], OFFERED, ALIKE)
    return f"Did you mean {' or '.join(names[one] for one in close)}?" if close else ""
