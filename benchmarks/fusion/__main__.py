"""Render scenes with known truth, fuse their frames with every method, print the errors.

python -m benchmarks.fusion                        every scene, some minutes
python -m benchmarks.fusion --only veil moves      scenes whose names contain one of these
python -m benchmarks.fusion --methods auto pyramid methods to compare
python -m benchmarks.fusion --edges layers         and layers near steps in depth, a minute a scene
"""

from __future__ import annotations

import argparse
from typing import get_args

import cv2

from benchmarks.fusion.judge import Judged, fuse, judge, spread
from benchmarks.fusion.scenes import SCENES, photograph
from focusstack.fusion.registry import FUSERS
from focusstack.images.colour import luma
from focusstack.options import EdgesHow

HEAD = [
    "scene", "method", "PSNR away", "at edges", "SSIM away", "at edges", "flat noise", "halo",
    "ghost", "lost %", "tint", "depth rank",
]  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="benchmarks.fusion",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--only", nargs="+", default=[""], metavar="PART", help="parts of names")
    parser.add_argument("--methods", nargs="+", default=["auto", "pyramid"], choices=[*FUSERS])
    parser.add_argument("--edges", default="fast", choices=get_args(EdgesHow))
    chosen = parser.parse_args()
    cv2.setNumThreads(1)
    print("| " + " | ".join(HEAD) + " |")
    print("|---|---|" + "---:|" * (len(HEAD) - 2))
    for scene in SCENES:
        if not any(part in scene.title for part in chosen.only):
            continue
        taken = photograph(scene)
        frames = list(taken.frames())
        middle = spread(luma(frames[len(frames) // 2]), taken.card)
        for method in chosen.methods:
            for edges in get_args(EdgesHow)[: 2 if chosen.edges == "layers" else 1]:
                found = judge(fuse(method, frames, edges), taken, middle, frames)
                name = method if edges == "fast" else f"{method}, {edges}"
                print(row(scene.title, name, found), flush=True)


def row(title: str, method: str, found: Judged) -> str:
    """One line of the table."""
    cells = [
        title,
        method,
        f"{found.psnr_away:.2f}",
        f"{found.psnr_edge:.2f}",
        f"{found.ssim_away:.4f}",
        f"{found.ssim_edge:.4f}",
        f"{found.flat_noise:.2f}",
        f"{found.halo:.2f}",
        "–" if found.ghost is None else f"{found.ghost:.1f}",
        f"{100 * found.lost:.2f}",
        f"{found.tint:.2f}",
        f"{found.depth_rank:.3f}" if found.depth_rank > 0.5 else "–",
    ]
    return "| " + " | ".join(cells) + " |"


if __name__ == "__main__":
    main()
