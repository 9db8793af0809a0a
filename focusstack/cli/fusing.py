"""Options of fusion, on the command line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer

from focusstack.cli.choices import EDGES, METHODS, Edges, Method, Moved
from focusstack.cli.options import FUSION
from focusstack.cli.values import one_of


@dataclass(frozen=True)
class Fusion:
    """How frames are fused, and which maps come with it."""

    method: Annotated[
        Method,
        typer.Option(
            "--method",
            metavar="METHOD",
            parser=one_of("--method", Method),
            help=METHODS,
            rich_help_panel=FUSION,
        ),
    ] = Method.auto
    moved: Annotated[
        Moved,
        typer.Option(
            "--moved",
            metavar="auto|off",
            parser=one_of("--moved", Moved),
            help="What to do about things that moved:\n"
            "auto: each is taken from one frame\noff: they are not looked for",
            rich_help_panel=FUSION,
        ),
    ] = Moved.auto
    edges: Annotated[
        Edges,
        typer.Option(
            "--edges",
            metavar="fast|layers",
            parser=one_of("--edges", Edges),
            help=EDGES,
            rich_help_panel=FUSION,
        ),
    ] = Edges.fast
    depth: Annotated[
        bool,
        typer.Option(
            "--depth", help="Also write the depth map and how sure it is.", rich_help_panel=FUSION
        ),
    ] = False
    source_map: Annotated[
        bool,
        typer.Option(
            "--source-map",
            help="Also write which frame each pixel comes from.",
            rich_help_panel=FUSION,
        ),
    ] = False
