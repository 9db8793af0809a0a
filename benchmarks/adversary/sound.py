"""How near sound stacks come to what tells damage."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from focusstack.alignment.coarse import Coarse
from focusstack.first_pass.block_maps import as_seen_from, map_blocks
from focusstack.first_pass.coding_faults import strongest_lines
from focusstack.first_pass.colour_noise import find_colour_noise, usual_codes
from focusstack.first_pass.damage import find_signs
from focusstack.first_pass.damaged_parts import nearest
from focusstack.first_pass.effort import THOROUGH
from focusstack.first_pass.foreign_parts import foreign_blocks, largest_shift, steps_at_thick_parts
from focusstack.first_pass.measure import Measured, measure_frames, spool_for
from focusstack.first_pass.row_faults import find_row_faults
from focusstack.first_pass.steps import find_alignment
from focusstack.frames.open import open_frames
from focusstack.frames.proxies.proxy import BLOCK
from focusstack.frames.sources import FrameSource
from focusstack.numeric.arrays import Floats
from focusstack.runtime.progress import Silent

ROOM = 1 << 30
"""Bytes of proxies that are kept in memory."""

ALONG = (48, 64, 96, 128)
"""Proxy pixels of steps that rows have of which the largest shift is told."""

UNIT = 16
"""Rows of a JPEG that are coded at once: those of most, also where it is another format."""


def look_at(folders: Sequence[Path]) -> int:
    """Print, for each stack, the strongest sign of damage of each kind that any frame gives.

    Rows and columns are both looked along: what is true of one is true of the other.
    """
    heads = ["step", "onset", "gross", "streaks", "steps", *(f"shift {n}" for n in ALONG)]
    heads += ["luma", "colour", "noise", "beyond"]
    print(f"{'stack':24} frames  {'  '.join(f'{head:>9}' for head in heads)}")
    for folder in folders:
        frames = open_frames(folder)
        spool, scale = spool_for(frames, THOROUGH.megapixels, ROOM)
        with spool:
            stack = measure_frames(frames, spool, scale, 1, Silent())
            coarse, gains = find_alignment(stack, "auto", 2, Silent(), THOROUGH)
        signs = list(find_signs(stack, coarse, gains).values())
        found = [max((s[n] for s in signs), default=0.0) for n in range(3)]
        found += cut_out_at_most(frames, stack, coarse, gains)
        print(f"{folder.name:24} {len(frames):6}  {'  '.join(f'{n:9.2f}' for n in found)}")
    return 0


def cut_out_at_most(
    frames: FrameSource, stack: Measured, coarse: Coarse, gains: Floats
) -> list[float]:
    """Streaks, proxy pixels of steps at thick foreign parts, and shifts by length of steps."""
    used = coarse.kept
    maps = map_blocks(stack.statistics, gains)
    most = [0.0] * (4 + len(ALONG))
    noise = []
    for k in used:
        pixels = frames.read(stack.order[k]).pixels
        noise.append(find_colour_noise(pixels).codes if pixels.dtype == np.uint8 else 0.0)
        tints = strongest_lines(pixels, UNIT) if pixels.dtype == np.uint8 else np.zeros(3)
        seen = [as_seen_from(maps, coarse.matrices, k, j) for j in nearest(used, k)]
        foreign = foreign_blocks(maps[k].codes, seen)
        for turned in (False, True):
            faults = find_row_faults(pixels, turned=turned)
            at = np.asarray(faults.places * (stack.scale / BLOCK), float)
            codes, others = maps[k].codes, seen
            found = [faults.streaks, stack.scale * steps_at_thick_parts(foreign, at)]
            if turned:
                codes, at = codes.swapaxes(0, 1), at[:, ::-1]
                others = [(other.swapaxes(0, 1), known.T) for other, known in seen]
            found += [largest_shift(codes, others, at, n / stack.scale) for n in ALONG]
            found += [float(tints[0]), float(tints[1:].max(initial=0))]
            most = [max(pair) for pair in zip(most, found, strict=True)]
    return [*most, max(noise, default=0.0), _beyond(noise)]


def _beyond(noise: Sequence[float]) -> float:
    """Times, at most, that colours change more in a frame than in those near it but one."""
    found = 0.0
    for k, one in enumerate(noise):
        usual = usual_codes([noise[j] for j in nearest(range(len(noise)), k)])
        found = max(found, one / usual if usual else 0.0)
    return found
