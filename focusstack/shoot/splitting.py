"""The stacks of a shoot: found in folders of pictures, each with why it begins where it does."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

from focusstack.errors import InputError, UsageError
from focusstack.images.suffixes import VIDEO
from focusstack.runtime.cores import usable_cores
from focusstack.runtime.progress import Progress, Silent, stage
from focusstack.shoot.appearance import Look, see
from focusstack.shoot.boundaries import Boundary, find_boundaries, find_pauses
from focusstack.shoot.gathering import choose_shots, find_pictures, in_time, place
from focusstack.shoot.shots import Shot, read_shots
from focusstack.shoot.stream import Stream

Ask = Callable[[Shot, Shot, Boundary], bool]
"""Whether a stack begins between two shots of which that is not sure."""


@dataclass(frozen=True)
class How:
    """How a shoot is split.

    Attributes
    ----------
    way : str
        ``auto`` looks at the pictures, ``folder`` takes each folder for a stack, ``gap`` cuts where
        `gap` is exceeded, ``none`` takes all that was named for one stack.
    gap : float
        Seconds.
    raw : bool
        Whether RAW is taken where a shot is there as JPEG, too.
    """

    way: str = "auto"
    gap: float = 0.0
    raw: bool = False


def parse_how(text: str, *, raw: bool = False) -> How:
    """Return how to split from ``auto``, ``folder``, ``none`` or ``gap=SECONDS``.

    Raises
    ------
    UsageError
        If it is none of these.

    Examples
    --------
    >>> parse_how("gap=20").gap
    20.0
    """
    way, _, number = text.partition("=")
    if way in ("auto", "folder", "none") and not number:
        return How(way, raw=raw)
    try:
        gap = float(number) if way == "gap" else -1.0
    except ValueError:
        gap = -1.0
    if not 0 < gap < 1e9:
        raise UsageError(
            f"a shoot cannot be split by '{text:.40}'", "Give auto, folder, none or gap=SECONDS."
        )
    return How("gap", gap, raw)


@dataclass(frozen=True)
class Stack:
    """Pictures that belong together.

    Attributes
    ----------
    shots : tuple of Shot
        In the order they were taken; one alone is a film, or a file of several pages.
    begins : Boundary or None
        Why it does not go on from the stack before; None for the first of a folder and camera.
    doubts : tuple of Boundary
        Places inside of it where another stack may begin, counted in it.
    """

    shots: tuple[Shot, ...]
    begins: Boundary | None = None
    doubts: tuple[Boundary, ...] = ()

    @property
    def paths(self) -> tuple[Path, ...]:
        """Files to stack."""
        return tuple(shot.path for shot in self.shots)

    @property
    def folder(self) -> Path:
        """Where the first of them lies."""
        return self.shots[0].path.parent

    @property
    def reason(self) -> str:
        """Why it begins where it does, for people."""
        return "; ".join(self.begins.reasons) if self.begins else ""

    @property
    def sure(self) -> bool:
        """Whether its beginning and all places inside of it are sure."""
        return (self.begins is None or self.begins.sure) and not self.doubts


@dataclass(frozen=True)
class Shoot:
    """What is found of a shoot.

    Attributes
    ----------
    stacks : tuple of Stack
        In natural order of their folders and first files.
    singles : tuple of Stack
        Pictures that stand alone, likewise.
    notes : tuple of str
        What was left out, and why.
    """

    stacks: tuple[Stack, ...]
    singles: tuple[Stack, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def unsure(self) -> list[Boundary]:
        """Decisions that should be looked at, cuts that were made or not."""
        every = (*self.stacks, *self.singles)
        begun = [s.begins for s in every if s.begins is not None and not s.begins.sure]
        return begun + [doubt for s in every for doubt in s.doubts]


def split(
    roots: Path | str | Sequence[Path | str],
    how: How | str = "auto",
    progress: Progress | None = None,
    *,
    leave: Iterable[Path] = (),
    ask: Ask | None = None,
) -> Shoot:
    """Find the stacks in folders of pictures; nothing is written or moved.

    Parameters
    ----------
    roots : path or sequence of path
        Folders, searched to the bottom, or files.
    how : How or str, optional
        ``auto``, ``folder``, ``none`` or ``gap=SECONDS``.
    progress : Progress, optional
        Silent if not given.
    leave : iterable of path, optional
        Folders that are not searched, such as that of the results.
    ask : callable, optional
        Decides what is not sure: takes the shots on both sides and what was decided, and returns
        whether a stack begins there.

    Raises
    ------
    InputError
        If a root does not exist or none holds a picture.
    UsageError
        If `how` is unknown.

    Examples
    --------
    >>> import tempfile
    >>> from focusstack.images.write import write_image
    >>> from focusstack.scene import render_stack
    >>> card = Path(tempfile.mkdtemp())
    >>> for seed in (1, 2):
    ...     for k, frame in enumerate(render_stack("plane", frames=4, seed=seed).frames, 4 * seed):
    ...         write_image(card / f"IMG_{k:04}.jpg", frame)
    >>> [(len(stack.paths), stack.reason) for stack in split(card).stacks]
    [(4, ''), (4, 'another subject')]
    """
    given = [Path(roots)] if isinstance(roots, (str, Path)) else [Path(root) for root in roots]
    asked = parse_how(how) if isinstance(how, str) else how
    progress = progress or Silent()
    files = sorted(find_pictures(given, {path.resolve() for path in leave}), key=place)
    if not files:
        raise InputError(
            f"No pictures found in {', '.join(map(str, given)) or 'no input'}.",
            "Name a folder that holds pictures, or has folders that do.",
        )
    films = [Stack((Shot(path),)) for path in files if path.suffix.lower() in VIDEO]
    with stage(progress, "Reading headers", 1):
        shots = read_shots([p for p in files if p.suffix.lower() not in VIDEO])
    shots, notes = choose_shots(shots, raw=asked.raw)
    pages = [Stack((shot,)) for shot in shots if shot.pages > 1]
    single = [shot for shot in shots if shot.pages <= 1]
    looks: dict[Path, Look | None] = {}
    if asked.way == "auto":
        looks = _looks(single, progress)
    found = [s for stream in _streams(single, asked) for s in _cut(stream, looks, asked, ask)]
    stacks = [s for s in found if len(s.shots) > 1] + pages + films
    singles = [s for s in found if len(s.shots) == 1]
    return Shoot(_in_order(stacks), _in_order(singles), tuple(notes))


def _in_order(stacks: list[Stack]) -> tuple[Stack, ...]:
    return tuple(sorted(stacks, key=lambda stack: place(stack.shots[0].path)))


def _looks(shots: Sequence[Shot], progress: Progress) -> dict[Path, Look | None]:
    """Look at all pictures, some at a time."""
    found: dict[Path, Look | None] = {}
    step = 16
    with stage(progress, "Looking at pictures", len(shots)):
        for begin in range(0, len(shots), step):
            part = shots[begin : begin + step]
            looks = see(part, usable_cores())
            found |= {shot.path: look for shot, look in zip(part, looks, strict=True)}
            progress.advance(len(part))
    return found


def _streams(shots: Sequence[Shot], how: How) -> list[list[Shot]]:
    """Pictures of one camera in one folder, in the order they were taken."""
    if how.way == "none":
        return [list(shots)]
    groups: dict[tuple[Path, str], list[Shot]] = defaultdict(list)
    for shot in shots:
        groups[shot.path.parent, "" if how.way == "folder" else shot.camera].append(shot)
    return [in_time(group) for group in groups.values()]


def _cut(
    shots: list[Shot], looks: dict[Path, Look | None], how: How, ask: Ask | None
) -> list[Stack]:
    """Cut a stream into stacks, a single picture being one, too."""
    if how.way in ("folder", "none"):
        return [Stack(tuple(shots))]
    stream = Stream(shots, [looks.get(shot.path) for shot in shots])
    decided = find_pauses(stream, how.gap) if how.way == "gap" else find_boundaries(stream)
    if ask is not None:
        decided = [b if b.sure else _settled(shots, b, ask) for b in decided]
    cuts = [0, *(b.at for b in decided if b.new), len(shots)]
    stacks = []
    for begin, end in pairwise(cuts):
        inside = [b for b in decided[begin : end - 1] if not b.sure]
        doubts = tuple(replace(b, at=b.at - begin) for b in inside)
        stacks.append(Stack(tuple(shots[begin:end]), decided[begin - 1] if begin else None, doubts))
    return stacks


def _settled(shots: Sequence[Shot], boundary: Boundary, ask: Ask) -> Boundary:
    """What somebody has decided."""
    new = ask(shots[boundary.at - 1], shots[boundary.at], boundary)
    return replace(boundary, new=new, sure=True)
