"""The plan as text for a terminal."""

from __future__ import annotations

from focusstack.plan import FramePlan, StackPlan


def summary(plan: StackPlan) -> str:
    """Return one line: frames, common area, residual, verdict."""
    c = plan.crop
    count, total = len(plan.used()), len(plan.frames)
    frames = f"{count} frames" if count == total else f"{count} of {total} frames"
    r = plan.residual_px
    fit = f", residual {r.median:.2f} px (95 %: {r.p95:.2f})" if r else ""
    if plan.local_median_px:
        before, after = plan.local_median_px
        fit += f", local displacement {before:.2f} → {after:.2f} px"
    verdict = printable(f"; {plan.verdict}") if plan.verdict else ""
    return f"{frames}, {c.width} x {c.height} pixels{fit}{verdict}"


def printable(name: str) -> str:
    """Return a file name on one line: what a terminal cannot show stands there by its code."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in name)


def plan_table(plan: StackPlan) -> str:
    """Return a table with a line per frame, a header and a summary."""
    wide = max(5, *(len(printable(f.file)) for f in plan.frames))
    head = (
        f"{'frame':<{wide}}  {'EV':>6} {'zoom %':>7} {'rot °':>7} {'shift px':>8} {'sharp':>5} "
        f"{'resid px':>8} {'p95':>6} {'edge p95':>8} {'error px':>8}  verdict"
    )
    lines = [head, *(_line(f, plan, wide) for f in plan.frames)]
    lines += [zone_line(plan)] if plan.residual_px and plan.residual_px.zones else []
    lines.append(
        f"reference {printable(plan.reference)}; motion model {plan.model}; {summary(plan)}"
    )
    return "\n".join(lines) + "\n"


def zone_line(plan: StackPlan) -> str:
    """Return the residuals of centre, edges and corners in one line."""
    assert plan.residual_px is not None
    zones = plan.residual_px.zones.items()
    return "residual px: " + ", ".join(
        f"{name} {z.median:.3f} (95 %: {z.p95:.2f})" for name, z in zones
    )


def _line(f: FramePlan, plan: StackPlan, wide: int) -> str:
    if not f.used:
        return f"{printable(f.file):<{wide}}  left out: {printable(f.reason or '')}"
    zoom, rotation, shift = f.movement(*plan.canvas)
    r = f.residual_px
    fit = f"{r.median:8.3f} {r.p95:6.2f} {r.edge_p95:8.2f}" if r else f"{'-':>8} {'-':>6} {'-':>8}"
    name, verdict = printable(f.file), printable(str(f.verdict or "used"))
    error = f"{'-':>8}" if f.error_px is None else f"{f.error_px:8.3f}"
    return (
        f"{name:<{wide}}  {f.exposure_ev + 0.0:+6.2f} {zoom:+7.2f} {rotation:+7.3f} {shift:8.1f} "
        f"{f.sharpness:5.2f} {fit} {error}  {verdict}"
    )
