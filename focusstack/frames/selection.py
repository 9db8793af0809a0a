"""Which of the frames the user wants: those named, less those that are to be left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from fnmatch import fnmatchcase
from pathlib import Path

from focusstack.errors import Change, UsageError
from focusstack.frames.choice import some

ALIKE = 0.5
"""Likeness of names (difflib's ratio, 0 to 1) from which on one is worth offering for another.

Chosen, not measured: half of the letters agree, and it decides the words of an error only.
"""

OFFERED = 5
"""Names that an error offers at most. Chosen, not measured."""


@dataclass
class Selection:
    """Names or globs of the frames that are wanted and of those that are not.

    A pattern is the name of a file or frame, with or without its suffix or folder, or a glob as in
    a shell; one string may hold several with commas between. Without `only`, all are wanted.

    Parameters
    ----------
    only, exclude : sequence of str
        Patterns of the frames wanted, and of those of them that are left out.

    Examples
    --------
    >>> chosen = Selection(only=["IMG_*"], exclude=["IMG_2,IMG_3.jpg"])
    >>> [n for n in ("IMG_1.jpg", "IMG_2.jpg", "IMG_3.jpg", "other.jpg") if chosen.wants(n)]
    ['IMG_1.jpg']
    >>> chosen.left_out
    ['IMG_2.jpg', 'IMG_3.jpg', 'other.jpg']
    """

    only: Sequence[str] = ()
    exclude: Sequence[str] = ()
    _met: set[str] = field(default_factory=set, init=False)
    _seen: dict[str, bool] = field(default_factory=dict, init=False)

    def wants(self, name: str | Path, file: Path | None = None) -> bool:
        """Whether a frame is wanted; every pattern that it meets is noted.

        Of a page or a picture of a film, whoever names its `file` means it, too.
        """
        meant = [name] if file is None else [name, file]
        met = {p for p in self._patterns() if any(_matches(p, one) for one in meant)}
        self._met |= met
        wanted = not self.only or bool(met & set(_patterns(self.only)))
        wanted = wanted and not met & set(_patterns(self.exclude))
        self._seen[Path(name).name] = wanted
        return wanted

    @property
    def any(self) -> bool:
        """Whether anything has been asked for."""
        return bool(self.only or self.exclude)

    @property
    def asked(self) -> bool:
        """Whether any frame has been asked about."""
        return bool(self._seen)

    @property
    def left_out(self) -> list[str]:
        """Names that were asked about and are not wanted."""
        return [name for name, wanted in self._seen.items() if not wanted]

    @property
    def notes(self) -> list[str]:
        """What to say of what is left out."""
        left = self.left_out
        return [f"left out as asked: {some(left, 20)}"] if left else []

    def check(self) -> None:
        """Make sure that every pattern was met, and that there is a stack left.

        Raises
        ------
        UsageError
            If not. Offers names that are much like it.
        """
        for option, given in self._options():
            for pattern in (p for text in given if text not in self._met for p in _parts(text)):
                if pattern not in self._met:
                    raise UsageError(
                        f"{option} {pattern} matches no frame",
                        _offer(pattern, list(self._seen)),
                        _instead(option, pattern, [*self._seen], self._options()),
                    )
        kept = [name for name, wanted in self._seen.items() if wanted]
        if self.any and len(kept) < 2 <= len(self._seen):
            asked = [option for option, given in self._options() if given]
            leave = "leaves" if len(asked) == 1 else "leave"
            raise UsageError(
                f"{' and '.join(asked)} {leave} {'only ' + kept[0] if kept else 'none'} of "
                f"{len(self._seen)} frames",
                "A stack needs at least two: leave out fewer.",
            )

    def _options(self) -> list[tuple[str, Sequence[str]]]:
        return [("--only", self.only), ("--exclude", self.exclude)]

    def _patterns(self) -> list[str]:
        return [*_patterns(self.only), *_patterns(self.exclude)]


def _patterns(given: Sequence[str]) -> list[str]:
    """All that is given, whole, as a name may hold commas, and in parts."""
    return list(dict.fromkeys(p for text in given for p in (text, *_parts(text))))


def _parts(text: str) -> list[str]:
    return [one.strip() for one in text.split(",") if one.strip()]


def _matches(pattern: str, name: str | Path) -> bool:
    """Whether a pattern means a name, by itself or without its suffix, or its whole path."""
    path = Path(name)
    if "/" in pattern:
        absolute = str(path.absolute())
        wanted = str(Path(pattern).absolute())
        return absolute == wanted or fnmatchcase(absolute, wanted)
    return any(one == pattern or fnmatchcase(one, pattern) for one in (path.name, path.stem))


def _offer(pattern: str, names: Sequence[str]) -> str:
    """The names most like a pattern, or some of all."""
    stem = pattern.strip("*?[]")
    alike = get_close_matches(stem, names, OFFERED, ALIKE)
    if alike:
        return f"There is {some(alike, OFFERED)}."
    return f"Name some of {some(names, OFFERED)}." if names else "There are no frames."


def _instead(
    option: str, pattern: str, names: Sequence[str], given: Sequence[tuple[str, Sequence[str]]]
) -> list[Change]:
    """What to type if the name most like the one that matches nothing is meant."""
    alike = get_close_matches(pattern.strip("*?[]"), names, 1, ALIKE)
    if not alike or any("," in one for _, patterns in given for one in patterns):
        return []
    kept = [one for name, patterns in given if name == option for one in patterns]
    meant = [alike[0] if one == pattern else one for one in kept]
    add = tuple(word for one in meant for word in (option, one))
    return [Change(f"If {alike[0]} is meant", add=add, drop=(option,))]
