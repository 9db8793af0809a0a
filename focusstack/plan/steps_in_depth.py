"""The record of report.json that tells what layers found near steps in depth."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from focusstack.plan.limits import Number


class StepsRecord(BaseModel):
    """Near steps in depth: blur, and how much of the picture was looked at and changed."""

    # What checks is built when a file is first read: a run that only writes does not wait for it.
    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)

    step_px: Number | None = None
    """Radius of the disc to the focus step; null if frames do not tell."""
    softness: Number | None = None
    near: Literal["first", "last"] | None = None
    """Frames that are focused nearest; null if that is not sure."""
    squares: Number = 0
    """That were looked at."""
    left: Number = 0
    """That were not, as it would have taken too long."""
    share: Number = 0.0
    """Of the picture, that was changed."""
    outside: Number = 0.0
    """Share of pixels that are beyond all frames by more than eight 8-bit steps."""
