"""What a user can say about fusion. The defaults need no touching."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class FusionOptions:
    """Options of every fusion method.

    Attributes
    ----------
    method : str
        Name of a method in ``focusstack.fusion.FUSERS``.
    radius : float, optional
        Reach of the window, in pixels, over which sharpness is judged. Larger is calmer, smaller
        follows finer outlines. None lets the method choose.
    smoothing : float, optional
        How far the depth map is smoothed, relative to the method's own choice: 0 is not at all,
        1 the default. None means 1.
    """

    method: str = "auto"
    radius: float | None = None
    smoothing: float | None = None
