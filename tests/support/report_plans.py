"""Plans and pictures that a report is made of, and the page as a browser sees it."""

from __future__ import annotations

from html.parser import HTMLParser
from itertools import pairwise

import numpy as np

from focusstack.alignment.quality.residual import Residual, Zone
from focusstack.fusion.base import Fused
from focusstack.geometry.coordinates import Rect
from focusstack.output.report.collecting import Gathered, Gathering
from focusstack.plan.model import FramePlan, PairClosure, StackPlan
from focusstack.plan.verdict import Grade, Verdict, judge_by_frames

RNG = np.random.default_rng(1)


def frame(name: str, grade: Grade = "pass", error: float | None = 0.1) -> FramePlan:
    zones = {"centre": Zone(0.02, 0.1), "corner": Zone(0.04, 0.2)}
    residual = Residual(0.03, 0.1, 0.15, 50, zones)
    words = f"good to {error} px" if grade == "pass" else f"may be off by {error} px"
    return FramePlan(
        name, True, None, np.eye(3), np.ones(3), residual, 0.0, 0.5,
        error_px=error, verdict=Verdict(grade, words, causes=() if grade == "pass" else ("error",)),
    )  # fmt: skip


def lost(name: str) -> FramePlan:
    return FramePlan(name, False, "exposed beyond repair", None, np.ones(3), None, 0.0, 0.1)


def plan(*frames: FramePlan, canvas: tuple[int, int] = (400, 300)) -> StackPlan:
    used = tuple(f.file for f in frames if f.used)
    told = [(f.file, f.verdict) for f in frames if f.verdict]
    missing = [f.file for f in frames if not f.used]
    worst = max((f.error_px for f in frames if f.error_px is not None), default=None)
    return StackPlan(
        reference=used[0],
        canvas=canvas,
        crop=Rect(3, 4, canvas[0] - 10, canvas[1] - 20),
        frames=frames,
        focus_order=used,
        residual_px=Residual(0.03, 0.1, 0.15, 50),
        error_px=0.1,
        verdict=judge_by_frames(told, 0.1, missing, worst),
        pairs=tuple(PairClosure(p, 40, 0.1) for p in pairwise(used)),
        residual_map_px=np.full((8, 12), 0.1),
    )


def gathered(made: StackPlan, composite: bool = True) -> Gathered:
    """Pictures of noise, which takes most bytes."""
    gathering = Gathering(made)
    shape = (made.crop.height, made.crop.width, 3)
    for f in made.used():
        gathering.add(f.file, RNG.integers(0, 256, shape, np.uint8), None)
    if composite:
        noise = RNG.integers(0, 256, shape, np.uint8)
        gathering.add_composite(noise, None)
        count = len(made.used())
        source = RNG.integers(0, count, shape[:2]).astype(np.uint16)
        depth = source.astype(np.float32)
        gathering.add_fused(Fused(depth, depth, np.full_like(depth, 0.5), source))
    return gathering.found


class Page(HTMLParser):
    """Tags, attributes and text of a page, as a browser sees them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.shown = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attributes]

    def handle_data(self, data: str) -> None:
        self.shown += data

    def addresses(self) -> list[str]:
        return [v for name, v in self.attributes if name in ("href", "src", "xlink:href")]
