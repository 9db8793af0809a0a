"""What ``focusstack.toml`` asks for: options of all stacks below a folder, or of some of them.

The file lies in a root of the shoot or in the folder of a stack; the nearer one counts more. It may
have been written by anybody: what is no option, or none of its kind, is refused with its place.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from focusstack.errors import InputError
from focusstack.options import EdgesHow, MapOptions, OutputOptions, StackOptions

FILE = "focusstack.toml"
"""Name of the file."""

MOST_BYTES = 1 << 20
"""Of the file. Chosen: a line for each of ten thousand stacks."""

Name = Annotated[str, Field(max_length=300, pattern=r"^[^\x00]*$")]


class Overrides(BaseModel):
    """Options by the names they have on the command line; None where nothing is asked."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, alias_generator=lambda n: n.replace("_", "-")
    )

    only: list[Name] | None = None
    exclude: list[Name] | None = None
    reference: Name | None = None
    method: Literal["auto", "pyramid", "weighted", "depth"] | None = None
    moved: Literal["auto", "off"] | None = None
    edges: EdgesHow | None = None
    plan: Name | None = None
    dust: Name | None = None
    no_local: bool | None = None
    keep_damaged: bool | None = None
    max_megapixels: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    format: Literal["auto", "jpg", "png", "tif"] | None = None
    quality: Annotated[int, Field(ge=1, le=100)] | None = None
    bit_depth: Literal[8, 16] | None = None
    multipage: bool | None = None
    no_aligned: bool | None = None
    no_fuse: bool | None = None
    depth: bool | None = None
    source_map: bool | None = None
    no_report: bool | None = None


class _File(Overrides):
    """The whole file: options of all stacks, and of those that a name or glob means."""

    stack: dict[Name, Overrides] = Field(default_factory=dict)


class OverrideFiles:
    """The files of a shoot, each read once.

    Parameters
    ----------
    roots : sequence of path
        Of the shoot.
    """

    def __init__(self, roots: Sequence[Path]) -> None:
        found = [root.resolve() for root in roots]
        self._roots = {root if root.is_dir() else root.parent for root in found}
        self._read: dict[Path, _File | None] = {}

    def applied(
        self, name: str, folder: Path, options: StackOptions, output: OutputOptions
    ) -> tuple[StackOptions, OutputOptions]:
        """Return the options of the stack of a name in a folder.

        Raises
        ------
        InputError
            If a file cannot be understood; says where.
        UsageError
            If what it asks for contradicts itself.
        """
        for place in self._places(folder):
            for asked in self._asked(place, name):
                options, output = _applied(asked, place, options, output)
        return options, output

    def _places(self, folder: Path) -> list[Path]:
        """Folders from a root of the shoot down to the stack's own."""
        here = folder.resolve()
        above = [p for p in (here, *here.parents) if any(p.is_relative_to(r) for r in self._roots)]
        return above[::-1]

    def _asked(self, place: Path, name: str) -> Iterator[Overrides]:
        if place not in self._read:
            self._read[place] = read_overrides(place / FILE)
        found = self._read[place]
        if found is not None:
            yield found
            yield from (o for pattern, o in found.stack.items() if fnmatchcase(name, pattern))


def read_overrides(path: Path) -> _File | None:
    """Return what a file asks for; None if there is none.

    Raises
    ------
    InputError
        If it cannot be read or understood.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.", "Check it.") from error
    if len(data) > MOST_BYTES:
        raise InputError(f"{path} is larger than any such file.", "Check its name.")
    try:
        return _File.model_validate(tomllib.loads(data.decode("utf-8")))
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise InputError(
            f"{path}: {where:.200}: {first['msg']:.200}.",
            "It takes the options of run by their names, such as method = 'depth'.",
        ) from error
    except (ValueError, RecursionError) as error:  # numbers of too many digits, too
        told = str(error).partition(";")[0]
        raise InputError(f"{path} is no TOML: {told:.200}.", "Correct it.") from error


def _applied(
    asked: Overrides, place: Path, options: StackOptions, output: OutputOptions
) -> tuple[StackOptions, OutputOptions]:
    given: dict[str, Any] = asked.model_dump(exclude_none=True)
    given.pop("stack", None)
    for key in ("plan", "dust"):
        if key in given:
            given[key] = place / given[key]
    for key in ("only", "exclude"):
        if key in given:
            given[key] = tuple(given[key])
    fusion = options.fusion
    if "method" in given:
        fusion = replace(fusion, method=given.pop("method"))
    if "moved" in given:
        fusion = replace(fusion, moved=given.pop("moved") == "auto")
    if "edges" in given:
        fusion = replace(fusion, edges=given.pop("edges"))
    maps = MapOptions(
        given.pop("depth", output.maps.depth), given.pop("source_map", output.maps.source)
    )
    denied = {
        "no_local": "local",
        "no_aligned": "aligned",
        "no_fuse": "fused",
        "no_report": "report",
    }
    for key, name in denied.items():
        if key in given:
            given[name] = not given.pop(key)
    of_stack = {k: v for k, v in given.items() if k in StackOptions.__dataclass_fields__}
    of_output = {k: v for k, v in given.items() if k not in of_stack}
    return replace(options, fusion=fusion, **of_stack), replace(output, maps=maps, **of_output)
