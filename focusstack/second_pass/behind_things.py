"""Behind what stands nearer: there a frame from another place does not show what it should."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from focusstack.geometry.occlusion import in_pixels
from focusstack.plan.model import FramePlan, StackPlan
from focusstack.second_pass.frame import AlignedFrame
from focusstack.second_pass.render import TRUSTED


def without_hidden(frame: AlignedFrame, plan: StackPlan, placed: FramePlan) -> AlignedFrame:
    """Give a frame no validity where something nearer stands before what it is to show.

    The reference shows all of it, blurred or not.

    Parameters
    ----------
    frame : AlignedFrame
        In the common area.
    plan : StackPlan
        Of the stack.
    placed : FramePlan
        Of the frame.
    """
    nodes = plan.hidden(placed)
    if nodes is None:
        return frame
    shown = (1 - in_pixels(nodes, plan.canvas, plan.crop)) * np.uint8(TRUSTED)
    if frame.validity is not None:
        np.minimum(shown, frame.validity, out=shown)
    return replace(frame, validity=shown)
