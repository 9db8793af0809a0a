"""The kinds of stacks that are rendered: what a hand, a lens, a sensor and a subject can do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Kind:
    """How a stack is photographed. Lengths are shares of the frame's width unless they say pixels.

    Attributes
    ----------
    name : str
        What the table calls it.
    seed : int
        The same seed gives the same bytes.
    frames : int
        How many.
    breathing : float
        Change of magnification over the focus range.
    tilt, roll : float
        Standard deviation of the hand's rotation about x and y, and about z, radians.
    distortion : float
        Radial distortion at the corner, as a share of the half diagonal.
    distortion_change : float
        By how much that changes over the focus range.
    blur : float
        Radius of the disc of the nearest point at farthest focus.
    noise : float
        Standard deviation of linear light at white.
    ev : float
        Largest change of exposure, stops, to either side.
    vignetting : float
        By how much light at the corners changes over the focus range, natural logarithm.
    lamp : float
        The same from edge to edge, for a lamp that wanders.
    curve : float
        By how much the exponent of linear light changes over the stack.
    texture : str
        ``photo`` (crisp here, faint there), ``leaves`` (crisp patches of all sizes everywhere),
        ``low`` (smooth, with few details) or ``grain`` (noise of all sizes).
    layers : bool
        Depth in sharp-edged layers instead of a smooth relief.
    near : float
        Share of the picture that one near thing before the farthest layer fills, instead of layers
        at all depths; 0 for these.
    parallax : float
        Sideways shift between nearest and farthest, in pixels at 3 megapixels.
    bad : str
        What is wrong with one frame; empty for none.
    dust : int
        Specks on the sensor.
    columns : float
        Standard deviation of what the sensor's columns differ by, as a share of the light.
    jpeg : bool
        Whether frames went through JPEG.
    bits : int
        8 or 16 per channel.
    shuffled : bool
        Whether names and order say nothing.
    """

    name: str
    seed: int = 0
    frames: int = 10
    breathing: float = 0.05
    tilt: float = 0.003
    roll: float = 0.003
    distortion: float = 0.0
    distortion_change: float = 0.0
    blur: float = 0.005
    noise: float = 0.006
    ev: float = 0.2
    vignetting: float = 0.0
    lamp: float = 0.0
    curve: float = 0.0
    texture: str = "photo"
    layers: bool = False
    near: float = 0.0
    parallax: float = 0.0
    bad: str = ""
    dust: int = 0
    columns: float = 0.0
    jpeg: bool = False
    bits: int = 8
    shuffled: bool = False

    @property
    def title(self) -> str:
        """Name and seed."""
        return f"{self.name}-{self.seed}"


BAD_FRAMES = (
    "other scene",
    "motion blur",
    "defocused",
    "moved subject",
    "duplicate",
    "black",
    "white",
)
"""What can be wrong with one frame."""

_KINDS: tuple[tuple[Kind, int], ...] = (
    (Kind("hand-held"), 3),
    (Kind("tripod", breathing=0.04, tilt=0, roll=0), 1),
    (Kind("no breathing", breathing=0, frames=8), 1),
    (Kind("breathing 15 %", breathing=0.15, frames=16), 2),
    (Kind("tilt", tilt=0.012), 2),
    (Kind("roll", roll=0.03), 1),
    (Kind("distortion", distortion=-0.015), 1),
    (Kind("changing distortion", distortion=0.01, distortion_change=0.002), 2),
    (Kind("strong blur", blur=0.015, frames=14), 2),
    (Kind("grown edges", breathing=0.04, tilt=0, roll=0, blur=0.03, frames=7), 2),
    (Kind("noise", noise=0.03), 2),
    (Kind("exposure ±2 EV", ev=2, bits=16), 1),
    (Kind("exposure ±2 EV, 8 bit", ev=2), 1),
    (Kind("vignetting", vignetting=0.3), 2),
    (Kind("lamp", lamp=0.15), 1),
    (Kind("tone curve", curve=0.1, layers=True), 1),
    (Kind("low texture", texture="low"), 2),
    (Kind("rich texture", texture="leaves"), 1),
    (Kind("grain", texture="grain"), 1),
    (Kind("layers", layers=True, frames=12), 2),
    (Kind("jpeg", jpeg=True), 1),
    (Kind("six frames", frames=6), 1),
    (Kind("forty frames", frames=40, breathing=0.1, blur=0.008), 1),
    (Kind("sixty frames", frames=60, breathing=0.08, blur=0.01), 1),
    (Kind("shuffled", shuffled=True, frames=14), 1),
    (Kind("parallax, relief", parallax=6), 1),
    (Kind("parallax, layers", parallax=12, layers=True), 1),
    (Kind("dust", dust=60, texture="low"), 2),
    (Kind("dust, soft subject", dust=200, texture="low", blur=0.02), 1),
    (Kind("column noise", columns=0.06, texture="low"), 1),
    (Kind("parallax, walk 15 px", parallax=15, layers=True, frames=6), 1),
    (Kind("parallax, walk 30 px", parallax=30, layers=True, frames=4), 1),
    (Kind("parallax, walk 60 px", parallax=60, layers=True, frames=5), 1),
    (Kind("parallax, near thing 12 %", parallax=40, layers=True, near=0.12, frames=4), 1),
    (Kind("parallax, near thing 30 %", parallax=60, layers=True, near=0.3, frames=3), 1),
    (Kind("parallax, near thing 55 %", parallax=25, layers=True, near=0.55, frames=5), 1),
    *((Kind(bad, bad=bad, tilt=0.002), 1) for bad in BAD_FRAMES),
)


def all_kinds() -> Iterator[Kind]:
    """Yield every stack of the table, each kind with its number of seeds."""
    for kind, seeds in _KINDS:
        for seed in range(seeds):
            yield replace(kind, seed=seed)
