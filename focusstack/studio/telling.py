"""What the page of an open result is told of it, as plain data."""

from __future__ import annotations

import hashlib
from typing import Any, get_args

import numpy as np

from focusstack.plan.model import StackPlan
from focusstack.retouch.blocks import BLOCK
from focusstack.retouch.strokes import Recipe
from focusstack.studio.easel import Changed
from focusstack.studio.rerunning import Method
from focusstack.studio.session import Session
from focusstack.studio.survey import CELL


def told_state(session: Session) -> dict[str, Any]:
    """Return all that a page must know."""
    result, easel = session.result, session.easel
    plan, crop = result.plan, result.plan.crop
    return {
        "folder": result.folder.resolve().name,
        "key": hashlib.sha256(bytes(result.folder.resolve())).hexdigest()[:16],
        "size": [crop.width, crop.height],
        "offset": [crop.x, crop.y],
        "block": BLOCK,
        "levels": easel.pyramid.count,
        "shelf": session.shelf,
        "frames": list(plan.focus_order) if easel.blocks is not None else [],
        "aligned": result.aligned,
        "opened": session.opened,
        "busy": session.busy,
        "choices": session.choices,
        "area": np.round(session.area - [crop.x, crop.y], 1).tolist(),
        "method": _method(plan),
        "reference": plan.reference,
        "recipes": [_told_recipe(recipe) for recipe in easel.retouch.recipes],
        "verdict": str(plan.verdict) if plan.verdict else "",
        "profile": session.display.profile,
        "converts": session.display.converts,
        "bits": 8 * result.picture.pixels.dtype.itemsize,
        "output": result.retouched.name,
        "lost": easel.lost,
        "survey": _told_survey(session),
        "jobs": session.jobs.told(),
        **told_changes(session),
    }


def told_changes(session: Session, changed: Changed | None = None) -> dict[str, Any]:
    """Return what strokes change."""
    easel = session.easel
    told: dict[str, Any] = {
        "version": easel.version,
        "saved": easel.saved == easel.version,
        "strokes": len(easel.retouch.strokes),
        "undone": len(easel.retouch.undone),
        "places": _told_places(session),
    }
    if changed is not None:
        rect = changed.rect
        told["rect"] = [rect.x, rect.y, rect.width, rect.height]
    return told


def _told_survey(session: Session) -> dict[str, Any] | None:
    survey = session.survey
    if survey is None:
        return None
    cell = CELL << survey.level
    return {"done": survey.done, "rows": survey.rows, "columns": survey.columns, "cell": cell}


def _told_places(session: Session) -> list[dict[str, Any]]:
    return [
        {
            "rect": [p.rect.x, p.rect.y, p.rect.width, p.rect.height],
            "words": p.words,
            "source": p.source,
            "state": state,
        }
        for p, state in zip(session.places, session.place_states(), strict=True)
    ]


def _method(plan: StackPlan) -> str:
    """Name of the method that a composite was made by."""
    found = (plan.fusion or {}).get("method")
    return str(found) if found in get_args(Method) else "auto"


def _told_recipe(recipe: Recipe) -> dict[str, Any]:
    return {
        "name": recipe.name,
        "method": recipe.method,
        "frames": list(recipe.frames),
        "part": recipe.rect is not None,
    }
