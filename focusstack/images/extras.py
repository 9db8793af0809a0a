"""Readers that are installed on demand."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from focusstack.images.header import UnreadableError


def extra(module: str, name: str, what: str) -> Any:
    """Import `module`, which comes with the extra `name` and reads `what`.

    Raises
    ------
    UnreadableError
        If it is not installed; its remedy is the command that does it.
    """
    try:
        return import_module(module)
    except ImportError as error:
        raise UnreadableError(
            f"is {what}, which is read by an extra that is not installed",
            f"Install it: pip install 'focusstack[{name}]'",
        ) from error
