"""Small plans and their files, whole and damaged."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from focusstack.alignment.quality.residual import Residual
from focusstack.geometry.coordinates import Rect
from focusstack.geometry.parallax import SceneDepth, Viewpoint
from focusstack.plan.file import plan_to_json
from focusstack.plan.model import FramePlan, StackPlan


def plan(
    *names: str, lost: tuple[str, ...] = (), canvas: tuple[int, int] = (400, 300)
) -> StackPlan:
    """A plan of frames that shift by a tenth of a pixel from one to the next."""
    frames = []
    for k, name in enumerate(names):
        H = np.eye(3)
        H[0, 2] = k / 10
        frames.append(
            FramePlan(
                file=name,
                used=name not in lost,
                reason="too little detail" if name in lost else None,
                matrix=None if name in lost else H,
                gain=np.array([1 + k / 100] * 3),
                residual_px=Residual(0.03, 0.1, 0.15, 50),
                exposure_ev=-k / 70,
                sharpness=0.5,
            )
        )
    kept = tuple(n for n in names if n not in lost)
    return StackPlan(kept[0], canvas, Rect(3, 4, 390, 280), tuple(frames), kept)


def with_parallax() -> StackPlan:
    made = plan("a.jpg", "b.jpg")
    depth = np.random.default_rng(0).uniform(-0.5, 0.5, (7, 9)).astype(np.float32)
    scene = SceneDepth(depth, 400, 300, 0.1).rounded()
    moved = replace(made.frames[1], view=Viewpoint((1.25, -3.5, 0.125), 0.3))
    return replace(made, frames=(made.frames[0], moved), scene=scene)


def saved(folder: Path, text: str | StackPlan) -> Path:
    path = folder / "report.json"
    path.write_text(text if isinstance(text, str) else plan_to_json(text), encoding="utf-8")
    return path


def places(node: object, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Paths to all parts of a JSON document."""
    found = [path] if path else []
    if isinstance(node, (dict, list)):
        items = node.items() if isinstance(node, dict) else enumerate(node)
        for key, value in items:
            found += places(value, (*path, key))
    return found


DOCUMENT = json.loads(plan_to_json(plan("a.jpg", "b.jpg", "c.jpg", lost=("c.jpg",))))
DAMAGES: list[Any] = ["nothing", None, [], {}, "x", -1, 0, 7.5, [[1]], float("nan")]


def damaged(place: tuple[Any, ...], damage: object) -> str:
    """The document with another value in one place, or without it."""
    document = copy.deepcopy(DOCUMENT)
    node = document
    for key in place[:-1]:
        node = node[key]
    if damage == "nothing":
        del node[place[-1]]
    else:
        node[place[-1]] = damage
    return json.dumps(document)
