"""The server: on this machine only, with a secret in its address, until it is stopped."""

from __future__ import annotations

import logging
import os
import secrets
import socket
import tempfile
import threading
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from html import escape
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

from focusstack.errors import OutputError
from focusstack.runtime.cleanup import remove_if_ended
from focusstack.studio.admission import Guard

HOST = "127.0.0.1"
"""Where it listens: nobody else's machine can reach that."""

FIRST_PORT, PORTS = 8765, 20
"""Ports that are tried in turn, so that a page left open finds a server started again; any other
that is free if none of them is. Chosen, not measured."""

SECONDS_TO_STOP = 0.2
"""Seconds that answers on their way may take: the program then ends, and they with it. Chosen, not
measured: an interrupted program ends within a third of a second."""

SECONDS_TO_START = 10
"""Seconds after which a server that does not answer never will. Chosen, not measured."""


class Serving:
    """A server that is running.

    Parameters
    ----------
    app : ASGI application
        What answers.

    Attributes
    ----------
    address : str
        Of the first page, with its secret.

    Raises
    ------
    OutputError
        If no port can be opened.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._socket = _listening()
        port = self._socket.getsockname()[1]
        self._token = secrets.token_urlsafe(32)
        self.address = f"http://{HOST}:{port}/{self._token}/"
        self._server = uvicorn.Server(
            uvicorn.Config(
                Guard(app, self._token, port),
                log_level="critical",
                lifespan="off",
                server_header=False,
                timeout_graceful_shutdown=1,
            )
        )
        self._thread = threading.Thread(target=self._run, name="server", daemon=True)
        self._thread.start()
        self._await()

    def _run(self) -> None:
        with suppress(SystemExit):
            self._server.run(sockets=[self._socket])

    def _await(self) -> None:
        waited = threading.Event()
        for _ in range(SECONDS_TO_START * 100):
            if self._server.started:
                return
            waited.wait(0.01)
        raise OutputError("the server did not start", "Start it again.")

    def close(self) -> None:
        """Answer no more."""
        self._server.should_exit = True
        self._server.force_exit = True
        self._thread.join(SECONDS_TO_STOP)


def _listening() -> socket.socket:
    """Return a socket on the first port that is free."""
    for port in (*range(FIRST_PORT, FIRST_PORT + PORTS), 0):
        found = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        if os.name == "posix":  # one that a killed server has left is free
            found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            found.bind((HOST, port))
            found.listen(64)
        except OSError as error:
            found.close()
            if port == 0:
                raise OutputError(
                    f"no port can be opened: {error.strerror}", "Close other programs."
                ) from error
        else:
            return found
    raise AssertionError


@contextmanager
def opened(address: str, *, show: bool) -> Iterator[None]:
    """Show a page in the browser, while the block lasts.

    The address holds a secret, and arguments of programs are no secret: the browser is given a file
    that only this user can read and that leads there.
    """
    if not show:
        yield
        return
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    with tempfile.TemporaryDirectory(prefix="focusstack-") as folder:  # for this user alone
        path = Path(folder) / "open.html"
        link = escape(address, quote=True)
        path.write_text(
            '<!doctype html><meta charset="utf-8"><title>focusstack</title>'
            f'<meta http-equiv="refresh" content="0;url={link}"><a href="{link}">focusstack</a>',
            encoding="utf-8",
        )

        def remove() -> str | None:
            path.unlink(missing_ok=True)
            return None

        with remove_if_ended(remove):
            with suppress(webbrowser.Error, OSError):
                webbrowser.open(path.as_uri())
            yield
