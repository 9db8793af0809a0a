"""How near sound stacks come to what tells damage."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from focusstack.first_pass.damage import find_signs
from focusstack.first_pass.effort import THOROUGH
from focusstack.first_pass.measure import measure_frames, spool_for
from focusstack.first_pass.steps import find_alignment
from focusstack.frames.open import open_frames
from focusstack.runtime.progress import Silent

ROOM = 1 << 30
"""Bytes of proxies that are kept in memory."""


def look_at(folders: Sequence[Path]) -> int:
    """Print, for each stack, the strongest sign of damage of each kind that any frame gives."""
    print(f"{'stack':24} frames  step  onset  gross")
    for folder in folders:
        frames = open_frames(folder)
        spool, scale = spool_for(frames, THOROUGH.megapixels, ROOM)
        with spool:
            stack = measure_frames(frames, spool, scale, 1, Silent())
            coarse, gains = find_alignment(stack, "auto", 2, Silent(), THOROUGH)
        signs = list(find_signs(stack, coarse, gains).values())
        step, onset, gross = (
            max((getattr(s, name) for s in signs), default=0.0)
            for name in ("step", "onset", "gross")
        )
        print(f"{folder.name:24} {len(frames):6}  {step:4.1f}  {onset:5.1f}  {gross:5.3f}")
    return 0
