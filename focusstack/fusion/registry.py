"""Every fusion method by its name."""

from __future__ import annotations

from focusstack.errors import UsageError
from focusstack.fusion import depth, pyramid, weighted
from focusstack.fusion.base import Fuser, FuserFactory
from focusstack.fusion.given import GivenFuser
from focusstack.fusion.layered import LayeredFuser
from focusstack.options import FusionOptions
from focusstack.runtime.scratch import Room

FUSERS: dict[str, FuserFactory] = {
    "auto": weighted.make_auto,
    "pyramid": pyramid.make,
    "weighted": weighted.make,
    "depth": depth.make,
}
"""Every fusion method by the name users know it by."""


def check_method(options: FusionOptions) -> None:
    """Make sure that `options.method` exists.

    Raises
    ------
    UsageError
        If it does not.

    Examples
    --------
    >>> check_method(FusionOptions(method="pyramid"))
    """
    if callable(options.method):
        return
    if options.method not in FUSERS:
        raise UsageError(
            f"there is no fusion method '{options.method}'", f"Choose one of {', '.join(FUSERS)}."
        )


def make_fuser(
    shape: tuple[int, ...],
    frames: int,
    options: FusionOptions | None = None,
    room: Room | None = None,
) -> Fuser:
    """Return a fuser by `options.method`.

    Parameters
    ----------
    shape : tuple of int
        ``(H, W)`` or ``(H, W, 3)`` of the aligned frames.
    frames : int
        How many frames will be added in each pass.
    options : FusionOptions, optional
        Defaults if not given.
    room : Room, optional
        Where what is as large as a frame lies; in memory if not given. The result does not depend
        on it.

    Raises
    ------
    UsageError
        If there is no method of that name.

    Examples
    --------
    >>> make_fuser((32, 48, 3), frames=2, options=FusionOptions(method="depth")).passes
    2
    """
    options = FusionOptions() if options is None else options
    check_method(options)
    if callable(options.method):
        return GivenFuser(options.method, shape)
    room = Room() if room is None else room
    fuser = FUSERS[options.method](shape, frames, options, room)
    if options.edges == "fast":
        return fuser
    return LayeredFuser(fuser, shape, frames, options.threads, room)
