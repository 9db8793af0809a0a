"""What speaks for a new stack between two pictures, and what speaks against it.

Nothing is held against a fixed scale where the pictures have one of their own: a pause is long
against the burst's rhythm, a change of focus large against the steps of the sweep.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import pairwise
from math import log2
from statistics import median

from focusstack.shoot.appearance import Look, blur_difference, difference
from focusstack.shoot.shots import Shot
from focusstack.shoot.signs import Found, Sign, seconds

NEAR = 5
"""Steps on either side that tell what is usual. Chosen: most of a short sweep; fewer than make a
row of single pictures look usual beside it."""

LONG, HESITATION = 8.0, 3.0
"""Times the usual interval from which on a pause ends a stack, and may end one. Hands that focus
and release take intervals that differ by less than the second from the usual ones, and hardly ever
by the first (``python -m benchmarks.splitting``)."""

SHORTEST_PAUSE = 1.0
"""Seconds below which nothing is a pause: a camera's buffer takes that to empty. Measured as
`LONG`."""

OTHER_SCENE = 0.3
"""Difference of two scenes, 0 to 1, from which on they are of two subjects. Neighbours in a sweep
differ by less than 0.06, its two ends by less than 0.16, two subjects on one table by 0.5 and more
(``python -m benchmarks.splitting``)."""

CHANGED_SCENE = 0.04
"""Difference of two scenes below which it says nothing. Measured as `OTHER_SCENE`."""

UNUSUAL = 3.0
"""Times the usual step of scene from which on one is unusual. Measured as `OTHER_SCENE`."""

LEAP = 1.7
"""Times the usual step of focus, as detail shows it, from which on it may have started over: from
four frames on, the way back is twice a step. Measured as `OTHER_SCENE`."""

BACK = 0.6
"""Share of such a leap within which a picture is like an earlier one of the sweep: then focus has
gone back to where that was. Measured as `OTHER_SCENE`."""

LEAST_LEAP = 0.7
"""Stops of detail, on the mean over all parts, below which no leap is one: a hand's shake and
noise make less. Measured as `OTHER_SCENE`."""

SWEEP = 100
"""Frames of a sweep that are looked back on for one that is alike. Chosen: sweeps that are
longer have steps so small that they need no look back."""

ANOTHER_EXPOSURE = 0.9
"""Stops of exposure time, aperture and ISO together from which on exposure was changed on purpose;
automatic exposure wanders by less. Chosen: a dial turned by three clicks."""


class Stream:
    """Pictures of one camera in one folder, in the order they were taken.

    Parameters
    ----------
    shots : sequence of Shot
        What their files say.
    looks : sequence of Look or None
        How they look.
    """

    def __init__(self, shots: Sequence[Shot], looks: Sequence[Look | None]) -> None:
        self.shots, self.looks = shots, looks
        places = range(len(shots) - 1)
        self.pauses = [self._pause(k) for k in places]
        self.scenes = [self._compared(difference, k) for k in places]
        self.blurs = [self._compared(blur_difference, k) for k in places]

    def __len__(self) -> int:
        return len(self.shots)

    def _pause(self, k: int) -> float | None:
        """Seconds from the end of one exposure to the beginning of the next."""
        a, b = self.shots[k], self.shots[k + 1]
        if a.time is None or b.time is None:
            return None
        return b.time - a.time - min(a.exposure_time or 0.0, max(b.time - a.time, 0.0))

    def _compared(self, measure: Callable[[Look, Look], float], k: int) -> float | None:
        a, b = self.looks[k], self.looks[k + 1]
        return None if a is None or b is None else measure(a, b)

    def evidence(self, k: int, begun: int) -> list[Found]:
        """Return what there is to say of the place behind picture `k`.

        Parameters
        ----------
        k : int
            Place, from 0.
        begun : int
            The first picture of the stack that `k` belongs to.
        """
        found = [
            self._size(k),
            self._series(k),
            self._bracket(k),
            self._pausing(k),
            self._scene(k),
            self._distance(k, begun),
            self._focus(k, begun),
            self._exposure(k),
            self._names(k),
        ]
        signs = [one for one in found if one is not None]
        if any(one.sign is Sign.scene for one in signs):  # whose focus is another matter
            signs = [one for one in signs if one.sign is not Sign.focus]
        if [one.sign for one in signs] == [Sign.change] and self.pauses[k] is not None:
            return []  # a hand that shakes, in the rhythm of the burst
        if signs and self._goes_on(k):
            signs.append(Found(Sign.goes_on, "the picture goes on as before"))
        return signs

    def _size(self, k: int) -> Found | None:
        a, b = self.shots[k].size, self.shots[k + 1].size
        if a is None or b is None or a == b:
            return None
        return Found(Sign.size, f"another size, {b[0]} x {b[1]} pixels")

    def _series(self, k: int) -> Found | None:
        """Whether the camera counts from 1 again: what it counts at all."""
        one, other = (self.shots[j].series.number for j in (k, k + 1))
        if other is None or one is None or self._exposures_vary(k, one):
            return None
        following = self.shots[k + 2].series.number if k + 2 < len(self) else None
        if other > one or (one == 1 and following != other + 1):
            return None
        if self.shots[k].series.bracketed and self.shots[k + 1].series.bracketed:
            return Found(Sign.series, "the camera began a new series")
        return Found(Sign.burst, "the camera began a new burst")  # which a hand may go on with

    def _exposures_vary(self, k: int, shots: int) -> bool:
        """Whether the camera counts exposures of one focus, as far as it has counted."""
        told = [settings(self.shots[j]) for j in range(max(0, k - min(shots, SWEEP) + 1), k + 1)]
        known = [stops for stops in told if stops is not None]
        return bool(known) and max(known) - min(known) > ANOTHER_EXPOSURE / 2

    def follows(self, k: int) -> bool:
        """Whether the camera says that both pictures are of one series."""
        one, other = (self.shots[j].series.number for j in (k, k + 1))
        return one is not None and other == one + 1

    def _bracket(self, k: int) -> Found | None:
        one, other = (self.shots[j].series.bracketed for j in (k, k + 1))
        if one is None or other is None or one == other:
            return None
        return Found(Sign.bracket, f"focus bracketing was turned {'on' if other else 'off'}")

    def _pausing(self, k: int) -> Found | None:
        pause = self.pauses[k]
        if pause is None:
            return None
        if pause < -1:
            return Found(Sign.pause, "the clock goes back")
        left, right = (
            usual(self.pauses[max(0, k - NEAR) : k]),
            usual(self.pauses[k + 1 : k + 1 + NEAR]),
        )
        known = [one for one in (left, right) if one is not None]
        if not known or pause < SHORTEST_PAUSE:
            return None
        floor = max(self.shots[k].resolution / 2, 0.05)
        words = f"a pause of {seconds(pause)}"
        if pause >= LONG * max(*known, floor):
            return Found(Sign.pause, words)
        if pause >= HESITATION * max(*known, floor) or pause >= LONG * max(min(known), floor):
            return Found(Sign.hesitation, words)
        return None

    def _scene(self, k: int) -> Found | None:
        step = self.scenes[k]
        if step is None or step < CHANGED_SCENE:
            return None
        if step >= OTHER_SCENE:
            return Found(Sign.scene, "another subject")
        if step >= UNUSUAL * max(self._near(self.scenes, k), CHANGED_SCENE / 2):
            return Found(Sign.change, "the picture changes")
        return None

    def _distance(self, k: int, begun: int) -> Found | None:
        """Whether the distance of focus leaps back against the way it went."""
        told = [self.shots[j].series.distance for j in range(begun, min(k + 3, len(self)))]
        if len(told) < k - begun + 2 or any(d is None or d <= 0 for d in told):
            return None
        nearness = [1 / d for d in told if d]  # focus moves by even steps of it
        before, leap = nearness[: k - begun + 1], nearness[k - begun + 1] - nearness[k - begun]
        steps = [b - a for a, b in pairwise(before)]
        way = before[-1] - before[0]
        if len(steps) < 2 or leap * way >= 0:
            return None
        if abs(leap) > max(0.5 * abs(way), 1.5 * max(map(abs, steps))):
            return Found(Sign.distance, "the distance of focus starts over")
        return None

    def _focus(self, k: int, begun: int) -> Found | None:
        """Whether detail leaps back to where an earlier picture of the stack had it."""
        step, next_one = self.blurs[k], self.looks[k + 1]
        if step is None or next_one is None or k - begun < 2:
            return None
        if step < max(LEAP * self._near(self.blurs, k), LEAST_LEAP):
            return None
        earlier = range(max(begun, k - SWEEP), k - 1)
        alike = {j: blur_difference(v, next_one) for j in earlier if (v := self.looks[j])}
        best = min(alike, key=lambda j: alike[j], default=None)
        if best is None or alike[best] > BACK * step:
            return None
        return Found(Sign.focus, f"focus starts over, as at {self.shots[best].path.name}")

    def _exposure(self, k: int) -> Found | None:
        """Whether exposure was set anew, and not for one picture of several (a bracket)."""
        one, other = (settings(self.shots[j]) for j in (k, k + 1))
        if one is None or other is None:
            return None
        if abs(other - one) < ANOTHER_EXPOSURE:
            return None
        seen = [settings(shot) for shot in self.shots[max(0, k - NEAR) : k]]
        if any(s is not None and abs(s - other) < ANOTHER_EXPOSURE / 2 for s in seen):
            return None
        return Found(Sign.exposure, f"exposure changes by {other - one:+.1f} stops")

    def _names(self, k: int) -> Found | None:
        one, other = (_numbered(self.shots[j].path.stem) for j in (k, k + 1))
        if one[1] is None or other[1] is None:
            return None
        if one[0] != other[0]:
            return Found(Sign.names, "names are of another kind")
        if other[1] < one[1]:
            return Found(Sign.names, "names are counted from the start")
        return None

    def _goes_on(self, k: int) -> bool:
        """Whether the picture hardly changes, as it does within a sweep."""
        scene, blur = self.scenes[k], self.blurs[k]
        if scene is None or blur is None:
            return False
        usual_scene = max(self._near(self.scenes, k), CHANGED_SCENE / 2)
        usual_blur = max(LEAP * self._near(self.blurs, k), LEAST_LEAP / 2)
        return scene < 1.5 * usual_scene and blur < usual_blur

    def _near(self, steps: Sequence[float | None], k: int) -> float:
        """What is usual around a place, itself left out; 0 if nothing is known."""
        sides = (*steps[max(0, k - NEAR) : k], *steps[k + 1 : k + 1 + NEAR])
        return usual(sides) or 0.0


def usual(steps: Sequence[float | None]) -> float | None:
    """Return the median of what is known; None if nothing is."""
    known = [step for step in steps if step is not None]
    return median(known) if known else None


def settings(shot: Shot) -> float | None:
    """Return how bright a shot's settings make it, in stops; None if one of them is unknown."""
    if not shot.exposure_time or not shot.f_number or not shot.iso:
        return None
    return log2(shot.exposure_time * shot.iso / shot.f_number**2)


def _numbered(stem: str) -> tuple[str, int | None]:
    """What stands around the last number of a name, and that number; nothing if it has none."""
    match = re.fullmatch(r"(.*?)(\d{1,12})(\D*)", stem)
    return (f"{match[1]}#{match[3]}", int(match[2])) if match else ("", None)
