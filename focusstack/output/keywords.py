"""The common options by keyword: `stack("photos", "out", method="depth", overwrite=True)`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, Literal, TypedDict

from focusstack.errors import UsageError
from focusstack.options import (
    EdgesHow,
    FusionOptions,
    GivenPlan,
    MapOptions,
    OutputFormat,
    OutputOptions,
    StackOptions,
)
from focusstack.runtime.alike import did_you_mean


class Common(TypedDict, total=False):
    """What may be given by keyword; each is as in `StackOptions` or `OutputOptions`."""

    method: str | Callable[..., Any]
    moved: bool
    edges: EdgesHow
    reference: str
    plan: str | Path | GivenPlan
    only: str | tuple[str, ...] | list[str]
    exclude: str | tuple[str, ...] | list[str]
    local: bool
    dust: str | Path
    threads: int
    memory: int | str
    keep_damaged: bool
    format: OutputFormat
    quality: int
    bit_depth: Literal[8, 16]
    aligned: bool
    fused: bool
    overwrite: bool
    resume: bool
    report: bool
    name: str
    depth: bool
    source_map: bool


_FUSION = ("method", "moved", "edges")
_MAPS = {"depth": "depth", "source_map": "source"}


def stack_options(options: StackOptions | None, given: Mapping[str, Any]) -> StackOptions:
    """Return options with what is given by keyword.

    Raises
    ------
    UsageError
        If a keyword is unknown.

    Examples
    --------
    >>> stack_options(None, {"method": "depth", "exclude": "a.jpg"}).fusion.method
    'depth'
    """
    known = Common.__annotations__
    for name in given:
        if name not in known:
            meant = did_you_mean(name, {one: one for one in known})
            raise UsageError(
                f"there is no option {name}", meant or "StackOptions has all there are."
            )
    options = options or StackOptions()
    own = {f.name for f in fields(StackOptions)} - {"fusion"}
    fusion = {k: v for k, v in given.items() if k in _FUSION}
    changed: FusionOptions = replace(options.fusion, **fusion)
    return replace(options, fusion=changed, **{k: v for k, v in given.items() if k in own})


def output_options(
    output: OutputOptions | str | Path | None, given: Mapping[str, Any]
) -> OutputOptions | None:
    """Return what is to be written, with what is given by keyword.

    Raises
    ------
    UsageError
        If it is said how to write, but not where.
    """
    own = {f.name for f in fields(OutputOptions)} - {"folder", "maps"}
    wanted = {k: v for k, v in given.items() if k in own}
    maps = {_MAPS[k]: v for k, v in given.items() if k in _MAPS}
    if output is None:
        if wanted or maps:
            first = next(k for k in given if k in own or k in _MAPS)
            raise UsageError(f"{first} is how results are written", "Say where to: output='DIR'.")
        return None
    asked = output if isinstance(output, OutputOptions) else OutputOptions(Path(output))
    changed: MapOptions = replace(asked.maps, **maps)
    return replace(asked, maps=changed, **wanted)
