"""Write the JSON Schema of report.json from its models: ``python -m docs.schema``."""

from __future__ import annotations

import json
from pathlib import Path

from focusstack.plan.schema import Report

PLACE = Path(__file__).with_name("report.schema.json")


def schema_text() -> str:
    """Return the schema of what is written, as the text of its file."""
    schema = Report.model_json_schema(mode="serialization")
    draft = "https://json-schema.org/draft/2020-12/schema"
    return json.dumps({"$schema": draft, **schema}, indent=1) + "\n"


if __name__ == "__main__":
    PLACE.write_text(schema_text(), encoding="utf-8")
