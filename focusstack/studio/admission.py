"""Who may ask: only the page that was opened with the session's secret, from this machine.

The server listens on 127.0.0.1, but every page that is open in a browser, and every other user of
the machine, can reach that. So each request must begin with a random token in its path; it must be
meant for this server by name (a foreign name that leads to 127.0.0.1 is refused: DNS rebinding);
and a browser that says from where it asks must say: from this very page.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""What every answer says: nothing from elsewhere, nothing kept, nothing framed."""


class Guard:
    """Lets through what carries the token and comes from this page; the rest is refused with 403.

    Parameters
    ----------
    app : ASGI application
        Is shown paths without the token.
    token : str
        The session's secret.
    port : int
        On which the server listens.
    """

    def __init__(self, app: ASGIApp, token: str, port: int) -> None:
        self._app = app
        self._token = token.encode()
        self._hosts = {f"127.0.0.1:{port}", f"localhost:{port}"}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            return

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
            await send(message)

        rest = self._admitted(scope)
        if rest is None:
            await PlainTextResponse("refused", 403)(scope, receive, told)
            return
        inner = {**scope, "path": rest, "raw_path": rest.encode()}
        await self._app(inner, receive, told)

    def _admitted(self, scope: Scope) -> str | None:
        """Return the path without its token; None if the request is refused."""
        headers = Headers(scope=scope)
        _, _, beyond = str(scope["path"]).partition("/")
        token, slash, rest = beyond.partition("/")
        if not slash or not hmac.compare_digest(token.encode(), self._token):
            return None
        if headers.get("host") not in self._hosts:
            return None
        origin = headers.get("origin")
        if origin is not None and origin not in {f"http://{host}" for host in self._hosts}:
            return None
        if not _from_here(headers, scope["method"]):
            return None
        return f"/{rest}"


def _from_here(headers: Headers, method: str) -> bool:
    """Whether a browser asks from here, if it says from where, or follows a link to a page."""
    site = headers.get("sec-fetch-site")
    if site in (None, "same-origin", "none"):
        return True
    opens: Iterable[str] = (headers.get("sec-fetch-mode", ""), headers.get("sec-fetch-dest", ""))
    return method == "GET" and tuple(opens) == ("navigate", "document")
