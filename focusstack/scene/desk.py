"""A still life on a desk: the sample set's scene.

Every body is rendered on its own and becomes a flat sheet on the plane that fits its visible
surface best; what it hides is on the sheets behind it. The desk's top is a sheet that recedes.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from math import cos, radians, sin

import cv2
import numpy as np

from focusstack.scene import still_life
from focusstack.scene.canvas import Canvas
from focusstack.scene.grasses import grasses
from focusstack.scene.light import diffuse, film, fresnel, mirrored
from focusstack.scene.sheets import SAMPLES, Sheet
from focusstack.scene.solids import Distance, Solid, Values, march, normals, unit
from focusstack.scene.surfaces import (
    colour,
    inside,
    lettering,
    mix,
    noise,
    picture_at,
    printed,
    smoothstep,
    wood,
)

FOCAL = 1.8
"""Focal length in scene units; the frame is 1.5 units wide."""

PITCH = radians(24)
EYE = np.array([0.03, 1.12, -0.16], np.float32)
"""The camera: some 24 cm above the desk, looking down by `PITCH`."""

COARSE = 4
"""Samples per sample of the light on the desk, which is smooth."""

DESK_EDGE = 3.5
"""Where the desk ends, world units from the camera."""

FARTHEST, NEAREST = 0.40, 1.24
"""Inverse distances along the optical axis, in focal lengths, that become depth 0 and 1."""

TEXT = [
    ("On depth of field", 46.0),
    ("", 14.0),
    ("A lens is sharp at one distance only. A point", 25.0),
    ("nearer or farther than that is drawn as a disc,", 25.0),
    ("and the disc grows with the opening of the lens", 25.0),
    ("and with the difference of inverse distances.", 25.0),
    ("", 14.0),
    ("Close to the subject a few millimetres are all", 25.0),
    ("that one picture can hold. Take several, each", 25.0),
    ("focused a little farther than the one before,", 25.0),
    ("and keep of each what is sharp in it.", 25.0),
    ("", 14.0),
    ("1.  Begin in front of the nearest thing.", 25.0),
    ("2.  Turn the ring by less than the sharp zone.", 25.0),
    ("3.  End behind the farthest thing.", 25.0),
    ("4.  Leave exposure and white balance alone.", 25.0),
    ("", 14.0),
    ("Hands shake, and the picture grows and shrinks", 25.0),
    ("as the lens moves. Both can be undone exactly,", 25.0),
    ("for a turning camera draws the same rays.", 25.0),
]


def rays(x: Values, y: Values) -> Values:
    """World directions ``(..., 3)`` of scene points; one unit of axial depth is `FOCAL` long."""
    x, y = np.broadcast_arrays(x, y)
    up = -y * np.float32(cos(PITCH)) - np.float32(FOCAL * sin(PITCH))
    ahead = -y * np.float32(sin(PITCH)) + np.float32(FOCAL * cos(PITCH))
    return np.stack([x, up, ahead], -1).astype(np.float32)


def project(p: Sequence[float]) -> tuple[float, float, float]:
    """Scene point and inverse axial distance (in focal lengths) of a world point."""
    x, y, z = p[0] - float(EYE[0]), p[1] - float(EYE[1]), p[2] - float(EYE[2])
    depth = z * cos(PITCH) - y * sin(PITCH)
    up = y * cos(PITCH) + z * sin(PITCH)
    return FOCAL * x / depth, -FOCAL * up / depth, FOCAL / depth


def normalised_depth(inverse: Values) -> Values:
    """Inverse axial distance as depth 0 to 1."""
    return (inverse - np.float32(FARTHEST)) / np.float32(NEAREST - FARTHEST)


def _page(p: Values, base: Values) -> Values:
    """Lay the printed page on the desk."""
    page = printed(TEXT, (680, 940), 56)
    c, s = np.float32(cos(radians(17))), np.float32(sin(radians(17)))
    dx, dz = p[..., 0] + 0.30, p[..., 2] - 1.70
    u, v = (c * dx - s * dz) / 0.62 + 0.5, 0.5 - (s * dx + c * dz) / 0.86
    near = cv2.GaussianBlur(page, (0, 0), 0.6)
    fibre = 1 + 0.015 * noise(u * 240, v * 330)
    return mix(base, picture_at(near, u, v) * fibre[..., None], inside(u, v, 0.003))


def _ruler(p: Values, base: Values) -> Values:
    """Lay a boxwood ruler with millimetre marks on the desk."""
    c, s = np.float32(cos(radians(-13))), np.float32(sin(radians(-13)))
    dx, dz = p[..., 0] - 0.50, p[..., 2] - 1.13
    across, along = c * dx + s * dz, c * dz - s * dx
    wide, long, mm = 0.13, 1.46, 0.00476
    inner = (along - 0.012) / mm
    k = np.round(inner)
    tick = np.where(k % 10 == 0, 0.040, np.where(k % 5 == 0, 0.030, 0.021))
    # What a sample far away covers is wider than a mark: it gets the marks' share of its width.
    wide_mark = 0.32
    covered = np.clip(np.abs(np.gradient(inner, axis=0)), 0.1, 1.0)
    off = np.abs(inner - k)
    overlap = np.minimum(wide_mark / 2, off + covered / 2) + np.minimum(
        wide_mark / 2, covered / 2 - off)  # fmt: skip
    mark = np.clip(overlap / covered, 0, 1) * (across < tick) * (across > 0.002)
    mark = mark * ((k >= 0) & (k <= 302))
    grain = np.clip(0.5 + 0.2 * noise(along * 5, across * 160) + 0.1 * noise(along * 20,
                    across * 420), 0, 1)  # fmt: skip
    box = mix(colour(0.52, 0.36, 0.15), colour(0.76, 0.58, 0.31), grain)
    box = mix(box, colour(0.03, 0.02, 0.015), 0.9 * mark + 0.9 * _figures(across, inner))
    return mix(base, box, inside(across / wide, along / long, 0.004))


def _figures(across: Values, inner: Values) -> Values:
    """Cover of the ruler's centimetre figures; they read from the left."""
    ink = np.zeros_like(across)
    for cm in range(1, 30):
        digits = lettering(str(cm), 40)
        w = 5.2 * digits.shape[1] / digits.shape[0]
        u, v = (inner - 10 * cm) / w + 0.5, (across - 0.047) / 0.0248
        here = (u > 0) & (u < 1) & (v > 0) & (v < 1)
        if here.any():
            ink[here] = picture_at(digits, u[here], v[here])
    return ink


def _desk(canvas: Canvas, bodies: Sequence[Solid]) -> Sheet:
    """Render the desk's top with what lies flat on it, and the shadows and reflections on it."""
    x, y = canvas.grid()
    d = rays(x, y)
    t = EYE[1] / np.maximum(-d[..., 1], 0.05)
    p = EYE + d * t[..., None]
    c, s = np.float32(cos(radians(33))), np.float32(sin(radians(33)))
    base = wood(c * p[..., 2] + s * p[..., 0] + 3, c * p[..., 0] - s * p[..., 2] + 3.13)
    bare = base
    base = _ruler(p, _page(p, base))
    coarse = np.ascontiguousarray(p[::COARSE, ::COARSE]).reshape(-1, 3)
    shape = p[::COARSE, ::COARSE].shape[:2]
    up = np.broadcast_to(np.array([0, 1, 0], np.float32), coarse.shape)
    light = diffuse(up, coarse, [b.roughly for b in bodies]).reshape(*shape, 3)
    light = cv2.GaussianBlur(light, (0, 0), 1.0)
    light = cv2.resize(light, (p.shape[1], p.shape[0]), interpolation=cv2.INTER_CUBIC)
    out = base * light
    # Oil gives the bare wood a dull shine towards the window.
    flat = unit(d.reshape(-1, 3))
    bump = np.zeros_like(flat)
    bump[:, 1] = 1
    grain = noise(p[..., 0] * 60, p[..., 2] * 60).ravel()
    bump[:, 0] += np.float32(0.03) * grain
    shine = fresnel(flat, unit(bump)).reshape(t.shape) * np.clip(light[..., 0], 0, 1)
    out += np.where((base == bare).all(-1), shine, 0)[..., None] * colour(0.5, 0.5, 0.48)
    edge = smoothstep(DESK_EDGE + 0.002, DESK_EDGE - 0.002, p[..., 2])
    edge = edge * (d[..., 1] < -0.05)
    # On the desk the inverse distance is the ray's fall per eye height, affine in Y.
    rise, level = cos(PITCH) / float(EYE[1]), FOCAL * sin(PITCH) / float(EYE[1])
    span = NEAREST - FARTHEST
    depth = (0.0, rise / span, (level - FARTHEST) / span)
    return canvas.sheet(film(out), edge.astype(np.float32), depth)


def _wall(canvas: Canvas) -> Sheet:
    """Render the plastered wall with the light of the window on it."""
    x, y = canvas.grid()
    u, v = np.broadcast_arrays(x, y)
    rough = 1 + 0.03 * noise(u * 60, v * 60) + 0.02 * noise(u * 14, v * 14)
    rough = rough + 0.035 * noise(u * 170, v * 170)
    slant = u + 0.45 * v
    beam = smoothstep(-0.45, -0.25, slant) * smoothstep(0.55, 0.35, slant)
    beam = beam * (1 - 0.8 * smoothstep(0.06, 0.025, np.abs(slant - 0.06)))
    glow = 0.24 + 0.12 * smoothstep(0.9, -0.9, u) + 0.26 * beam
    # Darker towards the desk's far edge.
    glow = glow * (0.62 + 0.38 * smoothstep(-0.2, -0.46, v))
    light = (glow * rough)[..., None] * colour(1.0, 0.90, 0.76)
    return canvas.sheet(film(light), None, (0, 0, 0.0))


def _body(canvas: Canvas, solid: Solid, others: Sequence[Distance]) -> Sheet | None:
    """Render one body by itself."""
    cx, cy, k = project(solid.centre)
    near = 1.15 * solid.radius * k
    x, y = canvas.grid()
    columns = np.flatnonzero(np.abs(x[0] - cx) < near)
    rows = np.flatnonzero(np.abs(y[:, 0] - cy) < near)
    if not columns.size or not rows.size:
        return None
    cut = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    d = rays(x[:, cut[1]], y[cut[0]])
    shape = d.shape[:2]
    every = unit(d.reshape(-1, 3))
    to_centre = np.asarray(solid.centre, np.float32) - EYE
    away = float(np.linalg.norm(to_centre))
    facing = (every @ to_centre) ** 2 > away**2 - (1.05 * solid.radius) ** 2
    rays_ = every[facing]
    pixel = 1 / (SAMPLES * canvas.unit * FOCAL)
    span = (away - 1.2 * solid.radius, away + 1.2 * solid.radius)
    reach, cover = march(solid.distance, EYE, rays_, span, pixel)
    p = EYE + reach[cover > 0, None] * rays_[cover > 0]
    rays_ = rays_[cover > 0]
    share = np.zeros(len(every), np.float32)
    share[facing] = cover
    hit = share > 0
    n = normals(solid.distance, p, 6e-4)
    light = diffuse(n, p, others)
    paint = solid.paint(p)
    mirror = mirrored(rays_, n)
    if solid.metal:
        out = paint * (0.55 * light + 0.8 * solid.gloss * mirror)
    else:
        out = paint * light + solid.gloss * fresnel(rays_, n)[:, None] * mirror
    picture = np.zeros((len(every), 3), np.float32)
    picture[hit] = film(out)
    sx, sy = np.broadcast_arrays(x[:, cut[1]], y[cut[0]])
    axial = (p - EYE) @ np.array([0, -sin(PITCH), cos(PITCH)], np.float32)
    known = normalised_depth(np.float32(FOCAL) / axial)
    A = np.stack([sx.ravel()[hit], sy.ravel()[hit], np.ones(len(p))], 1)
    a, b, c = np.linalg.lstsq(A, known.astype(float), rcond=None)[0]
    corner = (int(columns[0]), int(rows[0]))
    return canvas.sheet(picture.reshape(*shape, 3), share.reshape(shape),
                        (float(a), float(b), float(c)), corner)  # fmt: skip


def bodies() -> list[Solid]:
    """Return what stands on the desk, from back to front."""
    silver, brass, copper = colour(0.78, 0.78, 0.76), colour(0.74, 0.56, 0.24), colour(
        0.70, 0.36, 0.20)  # fmt: skip
    return [
        still_life.book(
            (0.80, 0.075, 2.92),
            (0.58, 0.075, 0.36),
            9,
            colour(0.03, 0.06, 0.13),
            "GEOMETRICAL OPTICS",
        ),
        still_life.book(
            (0.77, 0.225, 2.90), (0.52, 0.075, 0.34), -5, colour(0.24, 0.03, 0.03), "LIGHT AND LENS"
        ),
        still_life.book(
            (0.82, 0.35, 2.92),
            (0.46, 0.05, 0.31),
            14,
            colour(0.05, 0.13, 0.07),
            "A FIELD GUIDE TO GRASSES",
        ),
        still_life.framed_print(-0.72, 2.95, -14),
        still_life.orange(-0.50, 2.32, 0.175, 3.0),
        still_life.orange(-0.83, 2.10, 0.165, 11.0),
        still_life.mug(0.26, 2.10),
        still_life.pencil((-0.02, 0.021, 2.02), (-0.42, 0.021, 1.36)),
        still_life.coin((0.21, 0.007, 1.58), 25, brass, "10"),
        still_life.coin((0.31, 0.007, 1.49), -20, silver, "5"),
        still_life.coin((0.245, 0.0225, 1.53), 8, copper, "2"),
        still_life.marble(0.06, 1.38, 0.052, colour(0.01, 0.07, 0.16), 2.0),
        still_life.marble(0.20, 1.31, 0.044, colour(0.20, 0.05, 0.01), 7.0),
    ]


def desk(canvas: Canvas, rng: np.random.Generator) -> list[Sheet]:
    """Paint the desk; the arrangement is the same for every seed."""
    del rng
    still_life.photograph()  # before the work: where it is missing, there is nothing to begin
    things = bodies()

    def render(thing: Solid) -> Sheet | None:
        others = [b.roughly for b in things if b is not thing and _close(b, thing)]
        return _body(canvas, thing, others)

    with ThreadPoolExecutor(4) as pool:
        rendered = list(pool.map(render, things))
    sheets = [_wall(canvas), _desk(canvas, things), *(s for s in rendered if s is not None)]
    return sheets + grasses(canvas)


def _close(a: Solid, b: Solid) -> bool:
    """Whether one body may shade the other."""
    gap = np.linalg.norm(np.subtract(a.centre, b.centre)) - a.radius - b.radius
    return bool(gap < 0.5)
