"""report.html: the same facts as report.json, for people."""

from __future__ import annotations

import base64
from html import escape

import cv2
import numpy as np

from focusstack.colour import to_dtype, to_float
from focusstack.plan import FramePlan, StackPlan
from focusstack.typing import Image

STYLE = """
body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#222}
table{border-collapse:collapse;width:100%}th,td{padding:.3rem .6rem;text-align:right}
th:first-child,td:first-child,td:last-child,th:last-child{text-align:left}
th{border-bottom:2px solid #888}tr:nth-child(even){background:#f4f4f4}
.out{color:#a33}.warn{background:#fff3cd;padding:.5rem 1rem;margin:.5rem 0}
img{max-width:100%;height:auto;border:1px solid #ccc}
"""


def report_page(plan: StackPlan, image: Image | None, file: str | None) -> str:
    """Return the page.

    Parameters
    ----------
    plan : StackPlan
        What to report.
    image : ndarray or None
        The composite, shown small.
    file : str or None
        Its file name, linked.
    """
    width, height = plan.canvas
    c = plan.crop
    share = 100 * c.area / (width * height)
    parts = [
        "<!doctype html><html lang=en><meta charset=utf-8><title>Focus stack report</title>",
        f"<style>{STYLE}</style><h1>Focus stack of {len(plan.used())} frames</h1>",
        f"<p>Verdict: <b>{escape(str(plan.verdict))}</b></p>" if plan.verdict else "",
        "".join(f"<p class=warn>{escape(w)}</p>" for w in plan.warnings),
        _picture(image, file),
        _fusion(plan),
        f"<p>Reference <b>{escape(plan.reference)}</b>; common area {c.width} × {c.height} pixels "
        f"({share:.1f} % of a frame); motion model: {escape(plan.model)}{_residual(plan)}.</p>",
        "<table><tr><th>Frame<th>Exposure EV<th>Zoom %<th>Rotation °<th>Shift px"
        "<th>Sharpness<th>Residual px<th>p95<th>Edge p95<th>Error px<th>Verdict",
        *(_row(f, plan) for f in plan.frames),
        "</table></html>\n",
    ]
    return "\n".join(parts)


def _fusion(plan: StackPlan) -> str:
    if plan.fusion is None:
        return ""
    links = [f'<a href="{escape(name)}">{escape(name)}</a>' for name in plan.fusion["maps"]]
    return f"<p>Maps: {', '.join(links)}</p>" if links else ""


def _residual(plan: StackPlan) -> str:
    r = plan.residual_px
    text = f"; held-out residual {r.median:.3f} px (95 %: {r.p95:.2f})" if r else ""
    if plan.local_median_px:
        before, after = plan.local_median_px
        text += f"; local displacement brings small tiles from {before:.2f} to {after:.2f} px"
    return text


def _picture(image: Image | None, file: str | None) -> str:
    if image is None:
        return ""
    small = to_float(image)
    s = min(1.0, 1200 / max(small.shape[:2]))
    small = np.asarray(cv2.resize(small, None, fx=s, fy=s, interpolation=cv2.INTER_AREA))
    pixels = to_dtype(small, np.dtype(np.uint8))
    shown = pixels if pixels.ndim == 2 else cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR)
    _, data = cv2.imencode(".jpg", shown, [cv2.IMWRITE_JPEG_QUALITY, 88])
    text = base64.b64encode(data.tobytes()).decode()
    tag = f'<img alt="the composite" src="data:image/jpeg;base64,{text}">'
    return f'<p><a href="{escape(file)}">{tag}</a></p>' if file else f"<p>{tag}</p>"


def _row(f: FramePlan, plan: StackPlan) -> str:
    if not f.used:
        dashes = "<td>–" * 9
        return f"<tr class=out><td>{escape(f.file)}{dashes}<td>{escape(f.reason or 'left out')}"
    zoom, rotation, shift = f.movement(*plan.canvas)
    r = f.residual_px
    residual = f"<td>{r.median:.3f}<td>{r.p95:.2f}<td>{r.edge_p95:.2f}" if r else "<td>–" * 3
    error = "–" if f.error_px is None else f"{f.error_px:.3f}"
    return (
        f"<tr><td>{escape(f.file)}<td>{f.exposure_ev:+.2f}<td>{zoom:+.2f}<td>{rotation:+.3f}"
        f"<td>{shift:.1f}<td>{f.sharpness:.2f}{residual}<td>{error}"
        f"<td>{escape(str(f.verdict or 'used'))}"
    )
