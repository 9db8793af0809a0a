"""Stacks that the page asks for: what is found in a folder, and the run of each."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from focusstack.errors import InputError
from focusstack.frames.search import natural_key
from focusstack.images.read import probe
from focusstack.options import FusionOptions, MapOptions, OutputOptions, StackOptions
from focusstack.output.paths import STACKED
from focusstack.output.staging import free_name
from focusstack.pipeline import stack
from focusstack.runtime.progress import Progress
from focusstack.shoot.splitting import Shoot, split
from focusstack.shoot.stack_names import name_stacks, safe_name

MOST_FRAMES = 5000
"""Files of a stack that a page may name: more than stacks have. Chosen, not measured."""

PathText = Annotated[str, Field(min_length=1, max_length=4096)]


class Wanted(BaseModel):
    """What a page asks to be stacked, and how."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(min_length=1, max_length=200)]
    files: Annotated[list[PathText], Field(min_length=1, max_length=MOST_FRAMES)]
    method: Literal["auto", "pyramid", "weighted", "depth"] = "auto"
    format: Literal["auto", "jpg", "png", "tif"] = "auto"
    bit_depth: Literal[8, 16] | None = None
    aligned: bool = False
    depth: bool = False
    moved: bool = True

    def paths(self) -> list[Path]:
        """Return the frames.

        Raises
        ------
        InputError
            If one is no absolute path to a file.
        """
        found = [Path(text) for text in self.files]
        for path in found:
            if "\0" in str(path) or not path.is_absolute() or not path.is_file():
                raise InputError(f"{path} is no file", "Pick the folder again.")
        return found


def find_stacks(folder: Path, progress: Progress) -> dict[str, Any]:
    """Return the stacks in a folder, as plain data.

    Raises
    ------
    InputError
        If it holds no pictures.
    """
    shoot = split(folder, "auto", progress)
    stacks = [
        _told(one.name, one.stack.paths, sure=one.stack.sure) for one in name_stacks(shoot.stacks)
    ]
    if len(stacks) == 1:
        stacks[0]["name"] = folder.name
    return {
        "folder": str(folder),
        "name": folder.name,
        "stacks": stacks,
        "alone": len(shoot.singles),
        "notes": list(shoot.notes)[:20],
        "together": _together(folder.name, shoot),
    }


def _together(name: str, shoot: Shoot) -> dict[str, Any] | None:
    """Return all pictures as one stack, where they may be one and were told apart.

    Whoever was called away in the middle of a series knows better than clocks do.
    """
    found = (*shoot.stacks, *shoot.singles)
    paths = [path for stack in found for path in stack.paths]
    whole = any(len(stack.shots) == 1 for stack in shoot.stacks)  # a film, or a file of pages
    one_folder = len({path.parent for path in paths}) == 1
    if len(found) < 2 or whole or not one_folder or len(paths) > MOST_FRAMES:
        return None
    return _told(name, sorted(paths, key=lambda path: natural_key(path.name)), sure=False)


def _told(name: str, paths: Sequence[Path], *, sure: bool) -> dict[str, Any]:
    first = probe(paths[0]) if len(paths) > 1 else None
    told: dict[str, Any] = {
        "name": name,
        "files": [str(path.absolute()) for path in paths],
        "count": len(paths),
        "first": paths[0].name,
        "last": paths[-1].name,
        "sure": sure,
        "size": "",
        "camera": "",
    }
    if first is not None:
        told["camera"] = first.metadata.camera
        told["size"] = f"{first.width} × {first.height}, {8 * first.dtype.itemsize} bits"
    return told


def target_of(wanted: Wanted, *, alone: bool) -> Path:
    """Return a folder for results that is not there yet: beside the frames, as ``run`` has it.

    Parameters
    ----------
    wanted : Wanted
        What is stacked.
    alone : bool
        Whether it is the only stack of its folder.
    """
    home = wanted.paths()[0].parent
    # The pictures of a card may lie at its root, which has no name and nothing beside it.
    base = home.with_name(f"{home.name}{STACKED}") if home.name else home / "stacked"
    target = base if alone else base / safe_name(wanted.name)
    return free_name(target) if target.exists() else target


def run_stack(wanted: Wanted, target: Path, progress: Progress) -> dict[str, Any]:
    """Stack what is wanted into a folder; return what came of it, as plain data.

    Raises
    ------
    InputError, AlignmentError, OutputError
        As `focusstack.pipeline.stack`.
    """
    output = OutputOptions(
        target,
        format=wanted.format,
        bit_depth=wanted.bit_depth if wanted.format not in ("jpg", "auto") else None,
        aligned=wanted.aligned,
        maps=MapOptions(depth=wanted.depth, source=True),
    )
    options = StackOptions(fusion=FusionOptions(method=wanted.method, moved=wanted.moved))
    made = stack(wanted.paths(), output, options, progress)
    verdict = made.plan.verdict
    return {"folder": str(target), "verdict": verdict.sentence() if verdict else ""}
