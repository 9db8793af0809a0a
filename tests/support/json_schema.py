"""The part of JSON Schema (draft 2020-12) that the published schema speaks."""

from __future__ import annotations

from typing import Any

TYPES: dict[str, tuple[type, ...]] = {
    "array": (list,),
    "boolean": (bool,),
    "integer": (int,),
    "null": (type(None),),
    "number": (int, float),
    "object": (dict,),
    "string": (str,),
}


def problems(value: Any, schema: dict[str, Any], root: dict[str, Any] | None = None) -> list[str]:
    """Return what `schema` has against a value."""
    root = schema if root is None else root
    if "$ref" in schema:
        return problems(value, root["$defs"][schema["$ref"].removeprefix("#/$defs/")], root)
    if "anyOf" in schema:
        each = [problems(value, one, root) for one in schema["anyOf"]]
        return [] if not all(each) else [p for one in each for p in one]
    kind = schema.get("type")
    is_bool = isinstance(value, bool)
    if kind and (not isinstance(value, TYPES[kind]) or (is_bool and kind != "boolean")):
        return [f"{value!r:.30} is no {kind}"]
    if "const" in schema and value != schema["const"]:
        return [f"{value!r:.30} is not {schema['const']}"]
    if "enum" in schema and value not in schema["enum"]:
        return [f"{value!r:.30} is none of {schema['enum']}"]
    if isinstance(value, dict):
        return _of_object(value, schema, root)
    if isinstance(value, list):
        return _of_array(value, schema, root)
    if isinstance(value, int | float):
        low, high = schema.get("minimum", value), schema.get("maximum", value)
        above = schema.get("exclusiveMinimum", value - 1)
        return [] if low <= value <= high and value > above else [f"{value} is out of range"]
    return []


def _of_object(value: dict[str, Any], schema: dict[str, Any], root: dict[str, Any]) -> list[str]:
    found = [f"{name} is missing" for name in schema.get("required", []) if name not in value]
    known, others = schema.get("properties", {}), schema.get("additionalProperties", True)
    for name, one in value.items():
        if name in known:
            found += problems(one, known[name], root)
        elif others is False:
            found.append(f"{name} is not known")
        elif isinstance(others, dict):
            found += problems(one, others, root)
    return found


def _of_array(value: list[Any], schema: dict[str, Any], root: dict[str, Any]) -> list[str]:
    least, most = schema.get("minItems", 0), schema.get("maxItems", len(value))
    found = [] if least <= len(value) <= most else [f"{len(value)} items"]
    each = schema.get("prefixItems", [schema.get("items", {})] * len(value))
    for one, its in zip(value, each, strict=False):
        found += problems(one, its, root)
    return found
