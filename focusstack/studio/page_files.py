"""The pages' own files, and answers in JSON: all that a page needs before there is a picture."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any
from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

KINDS = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
"""Types of the page's own files."""


def page_file(name: str) -> Response:
    """Return one of the page's own files; HTTPException 404 if there is none of that name."""
    home = files("focusstack.studio").joinpath("page")
    known = {one.name: one for one in home.iterdir()}  # nothing else can be asked for
    kind = KINDS.get(f".{name.rpartition('.')[2]}")
    if name not in known or kind is None:
        raise HTTPException(404)
    return Response(known[name].read_bytes(), media_type=kind)


def answer_static(request: Request) -> Response:
    """Answer with one of the page's own files."""
    return page_file(request.path_params["file"])


def answer_review(_: Request) -> Response:
    """Answer with the page of a result."""
    return page_file("review.html")


def asked_for(request: Request, name: str, otherwise: str = "") -> str:
    """Return what an address asks for by a name.

    Names of files may hold bytes that are no text in UTF-8; they come as Python has them in paths.
    """
    query = bytes(request.scope["query_string"]).decode("ascii", "replace")
    found = parse_qsl(query, keep_blank_values=True, errors="surrogateescape")
    return dict(found).get(name, otherwise)


class PlainJSON(Response):
    """An answer as JSON in ASCII: names of files may hold what is no text in UTF-8."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """Return what is sent."""
        return json.dumps(content, allow_nan=False, separators=(",", ":")).encode("ascii")
