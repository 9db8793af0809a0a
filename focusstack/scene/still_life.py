"""The bodies on the desk: what they are made of and where they stand.

World units: one is about 21 cm.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import as_file, files

import numpy as np

from focusstack.images.colour import linearise
from focusstack.runtime.extras import extra
from focusstack.scene import solids
from focusstack.scene.solids import Solid, Values, turned
from focusstack.scene.surfaces import colour, inside, lettering, mix, noise, picture_at, smoothstep


def mug(x: float, z: float) -> Solid:
    """Return a speckled stoneware mug of coffee, its handle to the right."""
    radius, height, wall = 0.2, 0.43, 0.022

    def distance(p: Values) -> Values:
        q = p - np.array([x, height / 2, z], np.float32)
        r = np.hypot(q[:, 0], q[:, 2])
        outer = solids.drum(q, radius, height / 2, 0.012)
        hollow = np.maximum(r - (radius - wall), 0.15 - q[:, 1])
        body = -solids.melted(-outer, hollow, 0.012)
        loop = q - np.array([radius + 0.02, -0.01, -0.02], np.float32)
        loop = turned(loop, (0, 0, 0), yaw=18)
        loop[:, 1] *= np.float32(0.85)
        handle = np.maximum(solids.ring(loop, 0.115, 0.026), radius - 0.01 - r)
        return solids.melted(body, handle, 0.02)

    def paint(p: Values) -> Values:
        q = p - np.array([x, 0, z], np.float32)
        turn = np.arctan2(q[:, 0], -q[:, 2]) * np.float32(radius)
        speck = smoothstep(1.9, 2.4, noise(turn * 95 + 3, q[:, 1] * 95))
        fine = smoothstep(1.7, 2.2, noise(turn * 220 + 9, q[:, 1] * 220))
        edge = q[:, 1] - 0.16 + 0.012 * noise(turn * 8, q[:, 1] * 8)
        glaze = mix(colour(0.10, 0.20, 0.24), colour(0.70, 0.67, 0.58),
                    smoothstep(-0.008, 0.008, edge))  # fmt: skip
        glaze = glaze * (1 + 0.05 * noise(turn * 20, q[:, 1] * 20))[:, None]
        glaze = mix(glaze, colour(0.10, 0.06, 0.035), np.clip(0.85 * speck + 0.5 * fine, 0, 1))
        r = np.hypot(q[:, 0], q[:, 2])
        coffee = (q[:, 1] < height / 2 + 0.153) & (q[:, 1] > height / 2 + 0.13)
        coffee &= r < radius - wall - 0.004
        swirl = noise(q[:, 0] * 9 + 2 * noise(q[:, 0] * 5, q[:, 2] * 5), q[:, 2] * 9)
        bubbles = smoothstep(1.4, 2.2, noise(q[:, 0] * 70, q[:, 2] * 70))
        crema = mix(colour(0.10, 0.035, 0.01), colour(0.42, 0.20, 0.07),
                    np.clip(0.45 + 0.25 * swirl + 0.3 * bubbles, 0, 1))  # fmt: skip
        return np.where(coffee[:, None], crema, glaze).astype(np.float32)

    return Solid(distance, paint, (x + 0.07, height / 2, z), 0.37, gloss=0.8)


def orange(x: float, z: float, radius: float, seed: float) -> Solid:
    """Return an orange with dimpled skin and the star of its stalk."""
    centre = np.array([x, radius * 0.96, z], np.float32)
    pole = solids.unit(np.array([0.35, 0.8, -0.5], np.float32))
    east = solids.unit(np.cross(pole, np.array([0, 0, 1], np.float32)).astype(np.float32))
    north = np.cross(pole, east).astype(np.float32)

    def skin(q: Values) -> tuple[Values, Values]:
        n = solids.unit(q)
        # Equal-area projection about the stalk keeps the pores alike all over the visible side.
        k = np.sqrt(2 / np.maximum(1 + n @ pole, 0.05)).astype(np.float32)
        return n @ east * k, n @ north * k

    def distance(p: Values) -> Values:
        q = p - centre
        d = solids.ball(q, radius)
        near = np.abs(d) < 0.02
        if near.any():
            u, v = skin(q[near])
            r = np.hypot(u, v)
            pores = smoothstep(0.3, 1.6, noise(u * 34 + seed, v * 34))
            d[near] += np.float32(0.0018) * pores + np.float32(0.012) * np.exp(-((r / 0.09) ** 2))
        return d

    def paint(p: Values) -> Values:
        u, v = skin(p - centre)
        r, turn = np.hypot(u, v), np.arctan2(v, u)
        tone = np.clip(0.5 + 0.22 * noise(u * 2 + seed, v * 2) + 0.1 * noise(u * 34, v * 34), 0, 1)
        peel = mix(colour(0.70, 0.16, 0.010), colour(0.88, 0.31, 0.022), tone)
        peel = mix(peel, colour(0.35, 0.36, 0.05), 0.6 * smoothstep(0.3, 0.05, r))
        star = smoothstep(0.012, 0.0, r - 0.055 - 0.02 * np.cos(5 * turn))
        return mix(peel, colour(0.13, 0.12, 0.035), star)

    return Solid(distance, paint, (x, radius, z), radius * 1.05, gloss=0.35)


@lru_cache(maxsize=1)
def photograph() -> Values:
    """Return the photograph in the frame, of scikit-image's installed files.

    Its file is read, since functions of ``skimage.data`` load SciPy.

    Raises
    ------
    UsageError
        If the extra that holds it is not installed.
    """
    missing = "the photograph in the scene comes with an extra that is not installed"
    reader = extra("imageio.v3", "sample", missing)
    with as_file(files(extra("skimage", "sample", missing)) / "data" / "chelsea.png") as path:
        return linearise(np.asarray(reader.imread(path)))


def framed_print(x: float, z: float, yaw: float) -> Solid:
    """Return a photograph of a cat in a dark wooden frame that leans back."""
    half_w, half_h, lean = 0.5, 0.37, 10.0
    at = (x, half_h * np.cos(np.radians(lean)), z)

    def distance(p: Values) -> Values:
        q = turned(p, at, yaw, lean)
        plate = solids.box(q - np.array([0, 0, 0.005], np.float32), (half_w, half_h, 0.02), 0.004)
        opening = np.maximum(np.abs(q[:, 0]) - half_w + 0.05, np.abs(q[:, 1]) - half_h + 0.05)
        border = np.maximum(solids.box(q, (half_w, half_h, 0.035), 0.006), -opening)
        return np.minimum(plate, border)

    def paint(p: Values) -> Values:
        q = turned(p, at, yaw, lean)
        u = (q[:, 0] + half_w) / (2 * half_w)
        v = 1 - (q[:, 1] + half_h) / (2 * half_h)
        wide, high = 0.045 + 0.075, 0.06 + 0.09
        s, t = (u - wide) / (1 - 2 * wide), (v - high) / (1 - 2 * high)
        mount = colour(0.80, 0.78, 0.72) * (1 + 0.02 * noise(u * 260, v * 200))[:, None]
        face = mix(mount, picture_at(photograph(), s, t), inside(s, t))
        upright = np.abs(q[:, 0]) - half_w > np.abs(q[:, 1]) - half_h
        along = np.where(upright, q[:, 1], q[:, 0])
        across = np.where(upright, q[:, 0], q[:, 1])
        grain = np.clip(0.5 + 0.3 * noise(along * 4, across * 90) + 0.15 * noise(
            along * 14, across * 260), 0, 1)  # fmt: skip
        timber = mix(colour(0.03, 0.014, 0.008), colour(0.13, 0.06, 0.03), grain)
        rim = np.maximum(np.abs(q[:, 0]) - half_w, np.abs(q[:, 1]) - half_h) > -0.051
        return np.where(rim[:, None], timber, face).astype(np.float32)

    return Solid(distance, paint, (x, half_h, z), 0.66, gloss=0.25)


def book(
    at: tuple[float, float, float],
    half: tuple[float, float, float],
    yaw: float,
    cloth: Values,
    title: str,
) -> Solid:
    """Return a cloth-bound book that lies flat, its spine towards the camera."""
    letters = lettering(title, 64)

    def distance(p: Values) -> Values:
        q = turned(p, at, yaw)
        cover = solids.box(q, half, 0.012)
        # The cover stands out over the pages on the three open sides.
        gap = np.abs(q[:, 1]) - half[1] + 0.02
        open_sides = np.maximum(np.abs(q[:, 0]) - half[0] + 0.022, q[:, 2] - half[2] + 0.022)
        return np.maximum(cover, np.minimum(open_sides, -gap))

    def paint(p: Values) -> Values:
        q = turned(p, at, yaw)
        a, b = q[:, 0] + q[:, 2], q[:, 1] + 0.7 * q[:, 2]
        weave = 0.09 * noise(a * 300, b * 60) + 0.09 * noise(a * 60 + 7, b * 300)
        bound = cloth * (1 + weave + 0.05 * noise(a * 5, b * 9))[:, None]
        spine = q[:, 2] < -half[2] + 0.02
        tall = half[1] * 0.85
        width = tall * letters.shape[1] / letters.shape[0]
        u, v = (q[:, 0] + width / 2 + 0.04) / width, 0.5 - q[:, 1] / tall
        gold = picture_at(letters, u, v) * (inside(u, v) > 0) * spine
        bands = smoothstep(0.004, 0.002, np.abs(np.abs(q[:, 0]) - half[0] * 0.9)) * spine
        bound = mix(bound, colour(0.62, 0.42, 0.13), np.clip(gold + bands, 0, 1))
        paper = colour(0.70, 0.62, 0.47) * (1 + 0.16 * noise(a * 3, q[:, 1] * 260))[:, None]
        pages = (np.abs(q[:, 1]) < half[1] - 0.019) & ~spine
        pages &= (np.abs(q[:, 0]) < half[0] - 0.015) & (q[:, 2] < half[2] - 0.015)
        return np.where(pages[:, None], paper, bound).astype(np.float32)

    reach = float(np.sqrt(sum(h * h for h in half)))
    return Solid(distance, paint, at, reach, gloss=0.06)


def pencil(tail: tuple[float, float, float], tip: tuple[float, float, float]) -> Solid:
    """Return a six-sided pencil from `tail` to `tip`."""
    a, b = np.array(tail, np.float32), np.array(tip, np.float32)
    length = float(np.linalg.norm(b - a))
    axis = (b - a) / np.float32(length)
    side = solids.unit(np.cross(axis, np.array([0, 1, 0], np.float32)).astype(np.float32))
    top = np.cross(side, axis).astype(np.float32)
    radius, cone = 0.02, 0.1

    def split(p: Values) -> tuple[Values, Values, Values]:
        q = p - a
        return q @ axis, q @ side, q @ top

    def distance(p: Values) -> Values:
        s, u, v = split(p)
        hexagon = np.maximum(np.abs(v), np.abs(u) * 0.866 + np.abs(v) * 0.5) - radius * 0.92
        taper = (np.hypot(u, v) - (length - s) * (radius * 1.06 / cone)) * 0.97
        ends = np.maximum(-s, s - length)
        return np.asarray(np.maximum(np.maximum(hexagon, taper), ends), np.float32)

    def paint(p: Values) -> Values:
        s, u, v = split(p)
        turn = np.arctan2(v, u)
        left = length - s
        scallop = cone * (0.86 + 0.06 * np.cos(6 * turn))
        lacquer = colour(0.72, 0.36, 0.015) * (1 + 0.03 * noise(s * 30, turn * 4))[:, None]
        stamp = (np.abs(s - 0.22) < 0.004) | (np.abs(s - 0.235) < 0.002)
        lacquer = np.where(stamp[:, None], colour(0.02, 0.02, 0.02), lacquer)
        grain = np.clip(0.6 + 0.2 * noise(s * 12, turn * 9) + 0.12 * noise(s * 40, turn * 30), 0, 1)
        cedar = mix(colour(0.40, 0.21, 0.10), colour(0.72, 0.47, 0.27), grain)
        body = np.where((left < scallop)[:, None], cedar, lacquer)
        lead = left < 0.03 + 0.002 * noise(turn * 3, s * 0)
        body = np.where(lead[:, None], colour(0.035, 0.035, 0.04), body)
        ferrule = (s < 0.1) & (s > 0.045)
        ridge = 0.75 + 0.25 * np.cos(s * 2 * np.pi / 0.011)
        body = np.where(ferrule[:, None], colour(0.62, 0.60, 0.55) * ridge[:, None], body)
        rubber = colour(0.68, 0.22, 0.20) * (1 + 0.08 * noise(s * 90, turn * 12))[:, None]
        return np.where((s <= 0.045)[:, None], rubber, body).astype(np.float32)

    middle = (a + b) / 2
    return Solid(distance, paint, (float(middle[0]), float(middle[1]), float(middle[2])),
                 length / 2 + 0.02, gloss=0.5)  # fmt: skip


def coin(at: tuple[float, float, float], yaw: float, tint: Values, number: str) -> Solid:
    """Return a coin that lies flat, with a number struck into it."""
    radius, half = 0.062, 0.007
    digits = lettering(number, 120)

    def relief(q: Values) -> Values:
        r, turn = np.hypot(q[:, 0], q[:, 2]), np.arctan2(q[:, 2], q[:, 0])
        border = smoothstep(0.052, 0.055, r)
        pearls = smoothstep(0.0, 0.6, np.cos(turn * 40)) * smoothstep(0.0025, 0.001, np.abs(
            r - 0.048))  # fmt: skip
        tall = 0.052
        wide = tall * digits.shape[1] / digits.shape[0]
        u, v = q[:, 0] / wide + 0.5, 0.5 - q[:, 2] / tall
        struck = picture_at(digits, u, v) * (inside(u, v) > 0)
        wear = 0.12 * noise(q[:, 0] * 160, q[:, 2] * 160)
        return np.asarray(np.clip(border + pearls + struck, 0, 1) + wear, np.float32)

    def distance(p: Values) -> Values:
        q = turned(p, at, yaw)
        d = solids.drum(q, radius, half, 0.003)
        near = (np.abs(d) < 0.006) & (q[:, 1] > half - 0.005)
        if near.any():
            d[near] -= np.float32(0.0016) * relief(q[near])
        mill = smoothstep(-0.2, 0.2, np.cos(np.arctan2(q[:, 2], q[:, 0]) * 60))
        return np.asarray(d + 0.0008 * mill * (np.abs(q[:, 1]) < half - 0.002), np.float32)

    def paint(p: Values) -> Values:
        q = turned(p, at, yaw)
        dirt = np.clip(0.75 + 0.3 * relief(q) + 0.08 * noise(q[:, 0] * 60, q[:, 2] * 60), 0.3, 1.1)
        return np.asarray(tint * dirt[:, None], np.float32)

    return Solid(distance, paint, at, radius * 1.1, gloss=0.55, metal=True)


def marble(x: float, z: float, radius: float, glass: Values, seed: float) -> Solid:
    """Return a marble of dark glass with twisted white ribbons."""
    centre = np.array([x, radius, z], np.float32)
    lit_side = solids.unit(np.array([0.6, -0.55, -0.5], np.float32))

    def distance(p: Values) -> Values:
        return solids.ball(p - centre, radius)

    def paint(p: Values) -> Values:
        n = (p - centre) / np.float32(radius)
        q = turned(n, (0, 0, 0), 35, 25)
        turn = np.arctan2(q[:, 1], q[:, 0]) + 1.8 * q[:, 2]
        wave = np.sin(2 * turn + seed) + 0.2 * noise(turn * 2 + seed, q[:, 2] * 9)
        fleck = 0.75 + 0.25 * noise(turn * 14, q[:, 2] * 3 + seed)
        ribbon = smoothstep(0.72, 0.86, wave) * np.clip(fleck, 0, 1)
        # Light that enters on the window's side gathers on the other.
        gathered = smoothstep(0.35, 1.0, n @ lit_side)
        body = glass * (1 + 9 * gathered)[:, None]
        return mix(body, colour(0.80, 0.78, 0.70), ribbon)

    return Solid(distance, paint, (x, radius, z), radius * 1.02, gloss=1.0)
