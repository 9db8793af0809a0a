"""The results as text."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from benchmarks.alignment.judge import Judged

HEAD = (
    "stack",
    "frames",
    "model",
    "median px",
    "p95 px",
    "RMS px",
    "worst frame px",
    "EV p95",
    "reported px",
    "reported / true",
    "verdict",
    "remarks",
)


def table(results: Sequence[Judged]) -> str:
    """Return a Markdown table with a line per stack, and what it comes to."""
    rows = [HEAD, *(_row(r) for r in results)]
    wide = [max(len(row[k]) for row in rows) for k in range(len(HEAD))]
    lines = ["| " + " | ".join(c.ljust(w) for c, w in zip(row, wide, strict=True)) + " |"
             for row in rows]  # fmt: skip
    lines.insert(1, "|" + "|".join("-" * (w + 2) for w in wide) + "|")
    return "\n".join([*lines, "", *summary(results)]) + "\n"


def _row(r: Judged) -> tuple[str, ...]:
    frames = str(r.frames) if r.used == r.frames else f"{r.used} of {r.frames}"
    if r.failure:
        return (r.title, frames, *["–"] * 8, r.verdict, f"refused: {r.failure}")
    ratio = "–" if r.ratio is None else f"{r.ratio:.2f}"
    claimed = "–" if r.claimed_px is None else f"{r.claimed_px:.3f}"
    light = "" if r.terms == "gain" else f"light: {r.terms}"
    remarks = "**silently wrong** " * r.silently_wrong + "; ".join(filter(None, (r.bad, light)))
    return (
        r.title, frames, r.model, f"{r.median_px:.3f}", f"{r.p95_px:.3f}", f"{r.rms_px:.3f}",
        f"{r.worst_px:.3f}", f"{r.ev_p95:.4f}", claimed, ratio, r.verdict, remarks.strip(),
    )  # fmt: skip


def summary(results: Sequence[Judged]) -> list[str]:
    """Return a few lines that judge all stacks together."""
    done = [r for r in results if not r.failure]
    rigid = [r for r in done if "parallax" not in r.title]
    lines = [f"{len(results)} stacks of {sum(r.frames for r in results)} frames, "
             f"{sum(r.seconds for r in results) / 60:.0f} minutes"]  # fmt: skip
    if rigid:
        frames = np.concatenate([r.frame_px for r in rigid])
        worst = max(rigid, key=lambda r: r.worst_px)
        lines += [
            f"without parallax: RMS of a frame, median over all frames {np.median(frames):.3f} px; "
            f"RMS of a stack, median over all stacks {np.median([r.rms_px for r in rigid]):.3f} px",
            f"worst frame of any stack {worst.worst_px:.3f} px ({worst.title})",
            "worst frame over 0.2 px: "
            + (", ".join(r.title for r in rigid if r.worst_px > 0.2) or "none"),
        ]
    ratios = {r.title: r.ratio for r in done if r.ratio is not None and np.isfinite(r.ratio)}
    if ratios:
        off = [f"{t} ({q:.2f})" for t, q in ratios.items() if not 0.5 <= q <= 2]
        lines.append(
            f"reported / true error: median {np.median(list(ratios.values())):.2f}, from "
            f"{min(ratios.values()):.2f} to {max(ratios.values()):.2f}; "
            f"beyond a factor of 2: {', '.join(off) or 'none'}"
        )
    for text, which in (
        ("silently wrong", [r for r in done if r.silently_wrong]),
        ("refused", [r for r in results if r.failure]),
    ):
        lines.append(f"{text}: {', '.join(r.title for r in which) or 'none'}")
    return [f"- {line}" for line in lines]
