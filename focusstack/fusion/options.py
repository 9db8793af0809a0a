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
        Reach in pixels of the window over which sharpness is judged. Larger is calmer, smaller
        follows finer outlines. None lets the method choose.
    smoothing : float, optional
        How far the depth map is smoothed, in pixels of half the size. None is not at all: only
        what has no texture takes its depth from its surroundings.
    motion : bool
        Whether detail found elsewhere in other frames means that something moved. False where
        frames are placed by what is sharp in them: what is blurred then lies beside its place. What
        is in some frames only is found anyway.
    workers : int
        Threads; the result does not depend on it.
    precise : bool
        Whether 16-bit frames are fused, rather than 8-bit ones, which takes more memory.
    """

    method: str = "auto"
    radius: float | None = None
    smoothing: float | None = None
    motion: bool = True
    workers: int = 2
    precise: bool = True
