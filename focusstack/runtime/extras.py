"""Libraries that not everybody wants: each comes with an extra, and is loaded when it is needed."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from focusstack.errors import UsageError


def extra(
    module: str, name: str, message: str, error: Callable[[str, str], Exception] = UsageError
) -> Any:
    """Import a module that comes with an extra.

    Parameters
    ----------
    module : str
        What is imported.
    name : str
        Of the extra, in ``pyproject.toml``.
    message : str
        What to say where it is not installed.
    error : callable, optional
        Makes what is raised then from the message and the remedy.

    Returns
    -------
    module
        As `importlib.import_module` returns it.

    Raises
    ------
    UsageError
        Or what was asked for, if it is not installed; its remedy is the command that does it.

    Examples
    --------
    >>> extra("json", "raw", "camera RAW is read by an extra that is not installed").dumps([1])
    '[1]'
    >>> extra("no_such_module", "raw", "camera RAW is read by an extra that is not installed")
    Traceback (most recent call last):
    focusstack.errors.UsageError: camera RAW is read by an extra that is not installed
    Install it: pip install 'focusstack[raw]'
    """
    try:
        return import_module(module)
    except ImportError as missing:
        raise error(message, f"Install it: pip install 'focusstack[{name}]'") from missing
