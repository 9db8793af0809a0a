"""The fields of report.json, from its JSON Schema."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from docs.schema import schema_text


def report_page() -> str:
    """Return every record and field as Markdown, below a heading of the first level."""
    schema = json.loads(schema_text())
    parts = ["## The whole\n", *_table(schema)]
    for name, record in sorted(schema["$defs"].items()):
        parts += [f"## {name}\n", record.get("description", ""), "", *_table(record)]
    return "\n".join(parts) + "\n"


def _table(record: dict[str, Any]) -> Iterator[str]:
    yield "| field | is | means |"
    yield "|---|---|---|"
    for name, field in record["properties"].items():
        means = field.get("description", "").replace("\n", " ").replace("|", r"\|")
        yield f"| `{name}` | {_kind(field)} | {means} |"
    yield ""


def _kind(field: dict[str, Any]) -> str:
    """What a field holds, in a few words; records lead to their tables."""
    if "$ref" in field:
        name = field["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in field:
        return " or ".join(dict.fromkeys(_kind(one) for one in field["anyOf"]))
    if "enum" in field:
        return " or ".join(f"`{one}`" for one in field["enum"])
    if "const" in field:
        return f"`{field['const']}`"
    if field.get("type") == "array":
        return _array(field)
    if isinstance(field.get("additionalProperties"), dict):
        return f"{_kind(field['additionalProperties'])} by name"
    return str(field.get("type", "anything")).replace("object", "record")


def _array(field: dict[str, Any]) -> str:
    each: dict[str, Any] = field.get("items") or next(iter(field.get("prefixItems", [])), {})
    least, most = field.get("minItems"), field.get("maxItems")
    many = f"{most} × " if most is not None and most == least else "list of "
    return f"{many}{_kind(each)}"
