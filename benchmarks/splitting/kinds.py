"""Kinds of shoots: each makes a card whose cuts are known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np

from benchmarks.splitting.cards import Card
from benchmarks.splitting.exif import (
    Taken,
    canon_note,
    fujifilm_note,
    olympus_note,
    panasonic_note,
    phase_one_note,
)
from benchmarks.splitting.subjects import specimen, sweep

Kind = Callable[[np.random.Generator], Card]

LENGTHS = (6, 8, 5, 7, 6)
"""Frames of the sweeps of most cards."""


def _motor(card: Card, mean: float = 0.25) -> Callable[[], float]:
    """Intervals of a camera that releases by itself."""
    return lambda: float(mean * card.rng.uniform(0.95, 1.15))


def _hand(card: Card, mean: float = 1.8, spread: float = 0.35) -> Callable[[], float]:
    """Intervals of a hand that turns the ring and releases."""
    return lambda: float(mean * np.exp(card.rng.normal(0, spread)))


def subjects(rng: np.random.Generator, *, hand: bool = False, exif: bool = True) -> Card:
    """Several subjects, one after the other."""
    card = Card(rng, taken=Taken() if exif else None)
    for k, frames in enumerate(LENGTHS):
        seen = sweep(k + 1, frames, hand=k + 1 if hand else 0)
        card.shoot(seen, _hand(card) if hand else _motor(card))
        card.pause(12, 90)
    return card


def whole_seconds(rng: np.random.Generator) -> Card:
    """Several subjects by a camera that writes whole seconds only."""
    card = Card(rng, taken=Taken(subsecond=False))
    for k, frames in enumerate(LENGTHS):
        card.shoot(sweep(k + 1, frames), _motor(card, 0.4))
        card.pause(8, 60)
    return card


def hesitant(rng: np.random.Generator) -> Card:
    """A hand that is slow now and then."""
    card = Card(rng)
    for k, frames in enumerate(LENGTHS):
        card.shoot(sweep(k + 1, frames, hand=k + 1), _hand(card, 2.2, 0.55))
        card.pause(20, 120)
    return card


def twice(
    rng: np.random.Generator, *, pause: tuple[float, float] = (10, 40), exif: bool = True
) -> Card:
    """Every subject two times running, held by hand."""
    card = Card(rng, taken=Taken() if exif else None)
    for k, frames in enumerate(LENGTHS[:3]):
        for again in (1, 2):
            card.shoot(sweep(k + 1, frames, hand=again), _hand(card, 1.2, 0.2))
            card.pause(*pause)
    return card


def twice_at_once(rng: np.random.Generator) -> Card:
    """A rig that sweeps two times without a pause."""
    card = Card(rng)
    for k, frames in enumerate(LENGTHS[:3]):
        for again in (1, 2):
            card.shoot(sweep(k + 1, frames, hand=again), _motor(card, 0.5))
        card.pause(15, 40)
    return card


def two_cameras(rng: np.random.Generator) -> Card:
    """Two cameras at work at the same time, in one folder."""
    first, other = Card(rng), Card(rng, "DSC{:05d}.jpg", taken=Taken(camera="Camera 2"))
    for k, frames in enumerate(LENGTHS[:4]):
        first.shoot(sweep(k + 1, frames), _motor(first, 0.5))
        first.pause(20, 40)
        other.shoot(sweep(k + 11, frames), _motor(other, 0.3))
        other.pause(15, 50)
    first.files |= other.files
    first.groups += other.groups
    return first


def singles(rng: np.random.Generator, *, exif: bool = True) -> Card:
    """Single pictures between the stacks."""
    card = Card(rng, taken=Taken() if exif else None)
    for k, frames in enumerate(LENGTHS):
        card.shoot(sweep(k + 1, frames), _motor(card))
        card.pause(15, 60)
        for single in range(k % 3):
            card.shoot(sweep(50 + 5 * k + single, 4)[1:2], _motor(card))
            card.pause(10, 60)
    return card


def counted(rng: np.random.Generator, *, maker: str) -> Card:
    """Sweeps without any pause by cameras that count the shots of a series."""
    card = Card(rng)
    notes: dict[str, Callable[[int, int], bytes]] = {
        "fujifilm": lambda k, _: fujifilm_note(k + 1),
        "panasonic": lambda k, _: panasonic_note(k + 1),
        "phase one": lambda k, _: phase_one_note(k + 1),
        "olympus": lambda k, n: olympus_note(k + 1, 1 / (3 - 2 * k / n)),
        "canon": lambda k, n: canon_note(k + 1, 1 / (3 - 2 * k / n), 1 / (3.1 - 2 * k / n)),
    }
    for k, frames in enumerate(LENGTHS):

        def changed(j: int, taken: Taken, frames: int = frames) -> Taken:
            return replace(taken, note=notes[maker](j, frames))

        card.shoot(sweep(1 + k // 2, frames, hand=k), _motor(card), changed)
    return card


def distances(rng: np.random.Generator) -> Card:
    """One subject swept again and again without a pause: EXIF tells how far away focus is."""
    card = Card(rng)
    for k, frames in enumerate((7, 7, 7)):

        def changed(j: int, taken: Taken, frames: int = frames) -> Taken:
            return replace(taken, distance=1 / (3 - 2 * j / frames))

        card.shoot(sweep(3, frames, hand=k + 1), _motor(card, 0.5), changed)
    return card


def turned(rng: np.random.Generator) -> Card:
    """The camera is turned upright for every other stack, at once."""
    card = Card(rng)
    for k, frames in enumerate(LENGTHS):
        seen = sweep(2, frames, hand=k + 1)
        card.shoot([np.rot90(f).copy() for f in seen] if k % 2 else seen, _hand(card, 1.0, 0.2))
        card.pause(1, 3)
    return card


def exposures(rng: np.random.Generator) -> Card:
    """One subject, brighter each time, after a short pause."""
    card = Card(rng)
    for k in range(3):

        def changed(_: int, taken: Taken, k: int = k) -> Taken:
            return replace(taken, settings=(2**k / 200, 8.0, 200.0))

        card.shoot(sweep(4, 8, hand=k + 1), _motor(card, 0.6), changed)
        card.pause(3, 5)
    return card


def bracketed(rng: np.random.Generator) -> Card:
    """Three exposures at every focus, which belong to one stack."""
    card = Card(rng)
    for k, frames in enumerate(LENGTHS[:3]):

        def changed(j: int, taken: Taken) -> Taken:
            return replace(taken, settings=((1, 0.25, 4)[j % 3] / 200, 8.0, 200.0))

        seen = [f for frame in sweep(k + 1, frames) for f in (frame, frame // 2, frame)]
        card.shoot(seen, _motor(card, 0.3), changed)
        card.pause(8, 30)
    return card


def specimens(rng: np.random.Generator, *, exif: bool = True) -> Card:
    """Specimens on one table, before a camera that does not move."""
    card = Card(rng, taken=Taken() if exif else None)
    for k, frames in enumerate(LENGTHS):
        card.shoot(specimen(k + 1, frames), _motor(card, 0.8))
        card.pause(25, 60)
    return card


def wrapped(rng: np.random.Generator) -> Card:
    """The camera's counter goes over 9999 within a stack."""
    card = Card(rng, number=9985)
    for k, frames in enumerate(LENGTHS):
        card.shoot(sweep(k + 1, frames), _motor(card))
        card.pause(10, 60)
    return card


def folders(rng: np.random.Generator) -> Card:
    """A card's folders, one of which ends within nothing."""
    card = Card(rng)
    for k, frames in enumerate(LENGTHS):
        card.template = f"DCIM/{100 + k // 2}CANON/IMG_{{:04d}}.jpg"
        card.shoot(sweep(k + 1, frames), _motor(card))
        card.pause(10, 60)
    return card


def no_clock(rng: np.random.Generator) -> Card:
    """Several subjects by a camera whose clock was never set."""
    card = Card(rng)
    for k, frames in enumerate(LENGTHS):
        card.shoot(sweep(k + 1, frames), _motor(card), lambda _, t: replace(t, time=None))
    return card


def short(rng: np.random.Generator) -> Card:
    """Stacks of three."""
    card = Card(rng)
    for k in range(8):
        card.shoot(sweep(k + 1, 3), _motor(card, 0.4))
        card.pause(10, 40)
    return card


def stalling(rng: np.random.Generator) -> Card:
    """Long bursts during which the camera's buffer fills up."""
    card = Card(rng)
    for k in range(3):
        for part in range(3):
            card.shoot(sweep(k + 1, 24)[8 * part : 8 * part + 8], _motor(card, 0.1), more=part > 0)
            card.clock += 0.7
        card.pause(6, 30)
    return card


def flash(rng: np.random.Generator) -> Card:
    """A flash that takes six seconds to be ready."""
    card = Card(rng)
    for k, frames in enumerate(LENGTHS):
        card.shoot(sweep(k + 1, frames), _motor(card, 6.0))
        card.pause(40, 90)
    return card


def other_rhythm(rng: np.random.Generator) -> Card:
    """Now by motor, now by hand."""
    card = Card(rng)
    for k, frames in enumerate(LENGTHS):
        slow = k % 2
        seen = sweep(k + 1, frames, hand=slow)
        card.shoot(seen, _hand(card, 4.0, 0.3) if slow else _motor(card))
        card.pause(15, 60)
    return card


def gaps_in_names(rng: np.random.Generator) -> Card:
    """Bad frames were deleted on the camera."""
    card = Card(rng)
    for k, frames in enumerate(LENGTHS):
        card.shoot(sweep(k + 1, frames)[: frames // 2], _motor(card, 0.5))
        card.number += 1
        card.clock += 0.5
        card.shoot(sweep(k + 1, frames)[frames // 2 :], _motor(card, 0.5), more=True)
        card.pause(10, 30)
    return card


def crowded(rng: np.random.Generator) -> Card:
    """Many short sweeps with short pauses, some of the same subject."""
    card = Card(rng)
    for k in range(10):
        card.shoot(sweep(1 + k // 2, 6, hand=k), _motor(card, 0.3))
        card.pause(3, 6)
    return card


KINDS: dict[str, Kind] = {
    "subjects": subjects,
    "subjects, no EXIF": partial(subjects, exif=False),
    "by hand": partial(subjects, hand=True),
    "by hand, no EXIF": partial(subjects, hand=True, exif=False),
    "hesitant hand": hesitant,
    "whole seconds": whole_seconds,
    "twice": twice,
    "twice, short pause": partial(twice, pause=(6.0, 10.0)),
    "twice, no EXIF": partial(twice, exif=False),
    "twice at once": twice_at_once,
    "two cameras": two_cameras,
    "singles": singles,
    "singles, no EXIF": partial(singles, exif=False),
    "counted, Canon": partial(counted, maker="canon"),
    "counted, Fujifilm": partial(counted, maker="fujifilm"),
    "counted, Olympus": partial(counted, maker="olympus"),
    "counted, Panasonic": partial(counted, maker="panasonic"),
    "counted, Phase One": partial(counted, maker="phase one"),
    "distances": distances,
    "turned": turned,
    "exposures": exposures,
    "bracketed": bracketed,
    "specimens": specimens,
    "specimens, no EXIF": partial(specimens, exif=False),
    "counter wraps": wrapped,
    "folders": folders,
    "no clock": no_clock,
    "short": short,
    "stalling": stalling,
    "flash": flash,
    "other rhythm": other_rhythm,
    "gaps in names": gaps_in_names,
    "crowded": crowded,
}
"""By name."""
