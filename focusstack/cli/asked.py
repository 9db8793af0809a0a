"""What the command line asks for, as the library's options."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from focusstack.cli.choices import BitDepth, Moved
from focusstack.cli.fusing import Fusion
from focusstack.cli.options import Alignment, Results, Work

if TYPE_CHECKING:
    from focusstack.options import FusionOptions, OutputOptions, StackOptions


def fusion_options(fusion: Fusion) -> FusionOptions:
    """Return how frames are to be fused."""
    from focusstack.options import FusionOptions

    return FusionOptions(
        method=fusion.method.value,
        moved=fusion.moved is Moved.auto,
        edges=fusion.edges.value,
    )


def stack_options(alignment: Alignment, work: Work, fusion: Fusion | None = None) -> StackOptions:
    """Return how a stack is to be worked on."""
    from focusstack.options import StackOptions
    from focusstack.runtime.cores import usable_cores

    return StackOptions(
        reference=alignment.reference,
        plan=alignment.plan,
        fusion=fusion_options(fusion or Fusion()),
        local=not alignment.no_local,
        threads=work.threads or usable_cores(),
        memory=work.memory,
        max_megapixels=work.max_megapixels,
        dust=alignment.dust,
        keep_damaged=work.keep_damaged,
    )


def output_options(folder: Path, results: Results, fusion: Fusion | None = None) -> OutputOptions:
    """Return what is to be written, and how; there is a composite if `fusion` says how."""
    from focusstack.options import MapOptions, OutputOptions

    automatic = results.bit_depth is BitDepth.auto
    maps = MapOptions(fusion.depth, fusion.source_map) if fusion else MapOptions()
    return OutputOptions(
        folder,
        format=results.format.value,
        quality=results.quality,
        aligned=not results.no_aligned,
        fused=fusion is not None and not results.no_fuse,
        overwrite=results.overwrite,
        bit_depth=None if automatic else int(results.bit_depth.value),
        multipage=results.multipage,
        resume=results.resume,
        maps=maps,
        report=not results.no_report,
        name=results.name,
    )
