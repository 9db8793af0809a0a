"""Write the JSON Schema of report.json from its models: ``python -m docs.schema``."""

from __future__ import annotations

import ast
import inspect
import json
from itertools import chain, pairwise
from pathlib import Path
from typing import Any

from focusstack.plan import bitmaps, schema
from focusstack.plan.schema import Report

PLACE = Path(__file__).with_name("report.schema.json")


def schema_text() -> str:
    """Return the schema of what is written, as the text of its file."""
    document = Report.model_json_schema(mode="serialization")
    for record, told in _descriptions().items():
        part = document if record == Report.__name__ else document["$defs"][record]
        for name, text in told.items():
            _describe(part["properties"], name, text)
    draft = "https://json-schema.org/draft/2020-12/schema"
    return json.dumps({"$schema": draft, **document}, indent=1) + "\n"


def _describe(properties: dict[str, Any], name: str, text: str) -> None:
    properties[name] = {"description": text, **properties[name]}


def _descriptions() -> dict[str, dict[str, str]]:
    """What stands below each attribute of each record, which only a document needs."""
    found = {}
    bodies = (ast.parse(inspect.getsource(module)).body for module in (bitmaps, schema))
    for record in chain.from_iterable(bodies):
        if isinstance(record, ast.ClassDef):
            found[record.name] = {
                field.target.id.rstrip("_"): inspect.cleandoc(told.value.value)
                for field, told in pairwise(record.body)
                if isinstance(field, ast.AnnAssign)
                and isinstance(field.target, ast.Name)
                and isinstance(told, ast.Expr)
                and isinstance(told.value, ast.Constant)
                and isinstance(told.value.value, str)
            }
    return {name: told for name, told in found.items() if told}


if __name__ == "__main__":
    PLACE.write_text(schema_text(), encoding="utf-8")
