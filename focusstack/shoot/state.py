"""What became of each stack, as one small file: planned, claimed, done or failed.

Whoever reads them believes nothing: another program, or half a disk, may have written them.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from focusstack.runtime.files import write_atomically

STATES = ".focusstack-batch"
"""Folder of the results in which the files lie."""

MOST_BYTES = 4 << 20
"""Of a file. Chosen: a stack of ten thousand frames takes half of it."""

Text = Annotated[str, Field(max_length=4000)]
Short = Annotated[str, Field(max_length=300)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Status = Literal["planned", "claimed", "done", "failed"]


class Record(BaseModel):
    """A part of a state file."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class InputRecord(Record):
    """A file as it was when it was stacked: what tells whether it has changed."""

    path: Text
    size: Annotated[int, Field(ge=0)]
    changed: int
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class Row(Record):
    """What the overview says of a stack, None where it is not known.

    Attributes
    ----------
    folder : str
        Of the results, from that of the batch.
    composite, report : str
        Files in it; empty if there are none.
    grade : str
        ``pass``, ``look`` or ``fail``; empty if it could not be judged.
    words : str
        The verdict, or what went wrong.
    frames, used : int
        Given and used.
    error_px : float or None
        Estimated error of the positions, in pixels.
    spread_ev : float or None
        Between the darkest and the brightest frame, in stops.
    area : float or None
        Share of the picture that all frames have, 0 to 1.
    seconds : float
        That it took.
    camera, lens, taken, catalogue : str
        Names, when the first frame was taken, and the number in the collection.
    """

    folder: Text = ""
    composite: Short = ""
    report: Short = ""
    grade: Literal["pass", "look", "fail", ""] = ""
    words: Text = ""
    frames: Annotated[int, Field(ge=0)] = 0
    used: Annotated[int, Field(ge=0)] = 0
    error_px: Number | None = None
    spread_ev: Number | None = None
    area: Number | None = None
    seconds: Number = 0.0
    camera: Short = ""
    lens: Short = ""
    taken: Short = ""
    catalogue: Short = ""


class StackState(Record):
    """A state file.

    Attributes
    ----------
    name : str
        Of the stack.
    status : str
        ``planned``, ``claimed``, ``done`` or ``failed``.
    key : str
        Digest of the options and the version of the program.
    doubt : str
        Why it is not sure that it begins where it does, or is one; empty if it is.
    inputs : tuple of InputRecord
        Once it is done or has failed.
    outputs : dict of str to int
        Sizes of the files in its folder, by name.
    expected : dict of str to int
        Sizes of its files by name, until they are recorded in `inputs`: another shoot may have
        files of these names.
    before : str
        Digest of the report that lay there when it was claimed; empty if none did.
    holder : str
        Who works on it, or did.
    tries : int
        How often it was begun.
    exit_code : int
        As of a run of this stack alone.
    row : Row
        For the overview.
    """

    name: Short
    status: Status = "planned"
    key: Short = ""
    doubt: Text = ""
    inputs: tuple[InputRecord, ...] = ()
    outputs: dict[str, int] = Field(default_factory=dict)
    expected: dict[str, int] = Field(default_factory=dict)
    before: Short = ""
    holder: Short = ""
    tries: Annotated[int, Field(ge=0)] = 0
    exit_code: int = 0
    row: Row = Field(default_factory=Row)


class States:
    """The state files of a batch.

    Parameters
    ----------
    folder : path
        Of the results.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder / STATES

    def path(self, name: str) -> Path:
        """Where the state of a stack lies."""
        return self.folder / f"{name}.json"

    def thumbnail(self, name: str) -> Path:
        """Where its small picture lies."""
        return self.folder / f"{name}.jpg"

    def read(self, name: str) -> StackState | None:
        """Return the state of a stack; None if there is none, or it is damaged."""
        try:
            with self.path(name).open("rb") as file:
                data = file.read(MOST_BYTES + 1)
            if len(data) > MOST_BYTES:
                return None
            found = StackState.model_validate_json(data)
        except (OSError, ValidationError, ValueError):
            return None
        return found if found.name == name else None

    def write(self, state: StackState) -> None:
        """Write the state of a stack, complete or not at all.

        Raises
        ------
        OutputError
            If it cannot be written.
        """
        text = json.dumps(state.model_dump(mode="json"), indent=1)
        write_atomically(self.path(state.name), text.encode("utf-8", "surrogateescape"))

    def names(self) -> list[str]:
        """Return the names of all stacks that have a state, sorted."""
        try:
            return sorted(path.stem for path in self.folder.glob("*.json"))
        except OSError:
            return []
