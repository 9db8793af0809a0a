"""What report.json holds of light: exponents, shading, and why they were chosen."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from focusstack.exposure.shading import EVEN, STRONGEST, STRONGEST_EXPONENT, Shading
from focusstack.exposure.trial import LightChoice, Trial


def finite(value: Any) -> float:
    """Return a number, ValueError if it is none."""
    number = float(value)
    if not np.isfinite(number):
        raise ValueError(f"{number} is not a number")
    return number


def plain_light(light: LightChoice) -> dict[str, Any]:
    """Return what report.json says of a choice."""
    trials = [
        {k: round(v, 4) if isinstance(v, float) else v for k, v in asdict(t).items()}
        for t in light.trials
    ]
    left = light.left_by_all
    left = None if left is None else round(left, 4)
    return {"terms": light.terms, "left_by_all": left, "trials": trials}


def read_exponent(value: Any) -> float:
    """Return an exponent, ValueError if no tone curve has it."""
    exponent = finite(value)
    if not 1 / STRONGEST_EXPONENT <= exponent <= STRONGEST_EXPONENT:
        raise ValueError(f"no tone curve has the exponent {exponent}")
    return exponent


def read_shading(data: dict[str, Any] | None) -> Shading:
    """Return a shading, ValueError if it leaves no light."""
    if data is None:
        return EVEN
    found = Shading(**{name: finite(value) for name, value in dict(data).items()})
    if found.strength > STRONGEST:
        raise ValueError("a shading leaves no light")
    return found


def read_light(data: dict[str, Any] | None) -> LightChoice:
    """Return the choice that `plain_light` has written."""
    if data is None:
        return LightChoice()
    data = dict(data)
    left = data.get("left_by_all")
    trials = tuple(_tried(t) for t in data.get("trials", []))
    return LightChoice(str(data["terms"]), None if left is None else finite(left), trials)


def _tried(data: dict[str, Any]) -> Trial:
    numbers = {k: finite(data[k]) for k in ("before_ev", "after_ev", "gaining", "spread")}
    return Trial(terms=str(data["terms"]), earned=bool(data["earned"]), **numbers)
