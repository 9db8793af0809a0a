"""By what the light of frames differed besides their exposure, in words."""

from __future__ import annotations

import numpy as np

from focusstack.exposure.shading import Shading
from focusstack.exposure.trial import LightChoice, Trial
from focusstack.plan.model import FramePlan, StackPlan


def light_words(plan: StackPlan) -> list[str]:
    """Return sentences: what was evened out besides gains, by how much, and how that is known."""
    light = plan.light
    if light.terms == "gain":
        return [] if light.left_by_all is None else [_plain(light.left_by_all, light.trials)]
    used = plan.used()
    said = []
    if "radial" in light.terms:
        said.append(
            "Frames get darker towards their corners in different degrees "
            f"(up to {_corner(used, plan.canvas):.2f} EV against the reference)"
        )
    if "planar" in light.terms:
        said.append(
            "The light comes from different sides "
            f"(up to {_across(used, plan.canvas):.2f} EV from edge to edge against the reference)"
        )
    if "exponent" in light.terms:
        powers = [f.exponent for f in used]
        said.append(
            "Frames have different tone curves (as if light had been raised to the powers of "
            f"{min(powers):.3f} to {max(powers):.3f})"
        )
    return [f"{text}; that was evened out." for text in said] + _proof(light)


def light_fact(plan: StackPlan) -> str:
    """Tell in part of a line what light needed besides gains; empty if that is nothing."""
    terms = plan.light.terms
    parts = ["uneven light"] if "radial" in terms or "planar" in terms else []
    parts += ["tone curves"] if "exponent" in terms else []
    return " and ".join(parts)


def _plain(left: float, trials: tuple[Trial, ...]) -> str:
    if not trials:
        return (
            "A factor for each channel is all that frames needed to look alike: vignetting, "
            f"lamps and tone curves together would leave {100 * left:.0f} % of what areas "
            "differ by."
        )
    return (
        "A factor for each channel was taken to be all that frames need to look alike: neither "
        "vignetting nor lamps nor tone curves foretold areas that they had not been fitted to."
    )


def _proof(light: LightChoice) -> list[str]:
    """What is known of the terms that were chosen; nothing where a given plan does not tell."""
    earned = [t for t in light.trials if t.earned]
    chosen = [t for t in earned if t.terms == light.terms]
    if not chosen:
        return []
    last, most = chosen[-1], max(t.before_ev for t in earned)
    return [
        f"Areas that the fit had not seen differ by {last.after_ev:.3f} EV instead of {most:.3f}, "
        f"root mean square, and in {100 * last.gaining:.0f} % of the pairs of frames by less than "
        "without."
    ]


def _corner(frames: list[FramePlan], size: tuple[int, int]) -> float:
    """Largest difference between a corner and the middle that radial terms make, stops."""
    corner = np.zeros((1, 2))
    return max(
        abs(float(Shading(f.shading.square, f.shading.fourth).logarithm(corner, size)[0]))
        for f in frames
    ) / float(np.log(2))


def _across(frames: list[FramePlan], size: tuple[int, int]) -> float:
    """Largest difference between opposite edges that planar terms make, stops."""
    extent = np.array(size) / (0.5 * np.hypot(*size)) / np.log(2)
    return max(float(np.max(np.abs([f.shading.across, f.shading.down]) * extent)) for f in frames)
