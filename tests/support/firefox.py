"""Firefox, driven by the protocol that it has built in, as its distributions ship it.

Playwright drives builds of its own only. What Firefox speaks on a local port (Marionette) is JSON
behind its length: https://firefox-source-docs.mozilla.org/testing/marionette/Protocol.html
"""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

PREFERENCES = {
    "app.update.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.homepage_override.mstone": "ignore",
    "datareporting.policy.dataSubmissionEnabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "services.settings.server": "",
    "toolkit.telemetry.enabled": False,
}
"""What keeps it from asking anything of a network."""


class Firefox:
    """A Firefox with one page.

    Parameters
    ----------
    profile : path
        A folder of its own.
    """

    def __init__(self, profile: Path) -> None:
        found = next(filter(None, map(shutil.which, ("firefox", "firefox-esr"))), None)
        if found is None:
            pytest.skip("there is no Firefox")
        port = _free_port()
        told = {**PREFERENCES, "marionette.port": port}
        lines = [f"user_pref({json.dumps(k)}, {json.dumps(v)});\n" for k, v in told.items()]
        (profile / "user.js").write_text("".join(lines))
        call = [found, "--marionette", "--headless", "--no-remote", "--profile", str(profile)]
        quiet = subprocess.DEVNULL
        self.process = subprocess.Popen(call, stdout=quiet, stderr=quiet)
        self._socket = self._connected(port)
        self._count = 0
        self._read()  # who it is
        self.ask("WebDriver:NewSession", {"capabilities": {"alwaysMatch": {}}})
        self.ask("WebDriver:SetWindowRect", {"width": 1280, "height": 800})

    def _connected(self, port: int) -> socket.socket:
        end = time.monotonic() + 60
        while True:
            try:
                return socket.create_connection(("127.0.0.1", port), 60)
            except OSError:
                if time.monotonic() > end or self.process.poll() is not None:
                    self.process.kill()
                    pytest.skip("Firefox does not start here")
                time.sleep(0.1)

    def close(self) -> None:
        self._socket.close()
        self.process.kill()
        self.process.wait()

    def ask(self, command: str, given: dict[str, Any]) -> Any:
        """Have it do something; return what it answers."""
        self._count += 1
        text = json.dumps([0, self._count, command, given])
        self._socket.sendall(f"{len(text)}:{text}".encode())
        _, _, error, answer = self._read()
        assert error is None, error
        return answer.get("value") if isinstance(answer, dict) else answer

    def _read(self) -> Any:
        length = b""
        while (one := self._socket.recv(1)) != b":":
            assert one, "Firefox has ended"
            length += one
        text = b""
        while len(text) < int(length):
            text += self._socket.recv(int(length) - len(text))
        return json.loads(text)

    def evaluate(self, expression: str, *given: Any) -> Any:
        """Return the value of an expression on the page; what is given is `arguments`."""
        return self.ask(
            "WebDriver:ExecuteScript", {"script": f"return ({expression})", "args": [*given]}
        )

    def until(self, expression: str, seconds: float = 60) -> None:
        """Wait for something to be so."""
        end = time.monotonic() + seconds
        while not self.evaluate(expression):
            assert time.monotonic() < end, expression
            time.sleep(0.03)

    def go(self, address: str) -> None:
        self.ask("WebDriver:Navigate", {"url": address})

    def drag(self, *places: tuple[float, float], down: bool = True, up: bool = True) -> None:
        """Press the mouse, unless it is pressed already, move it, and let go."""
        moves: list[dict[str, Any]] = [
            {"type": "pointerMove", "duration": 60, "x": round(x), "y": round(y)} for x, y in places
        ]
        if down:
            moves.insert(1, {"type": "pointerDown", "button": 0})
        if up:
            moves.append({"type": "pointerUp", "button": 0})
        mouse = {"type": "pointer", "id": "mouse", "actions": moves}
        self.ask("WebDriver:PerformActions", {"actions": [mouse]})

    def wheel(self, x: float, y: float, turn: int) -> None:
        """Turn the wheel over a place."""
        moves = [{"type": "scroll", "x": round(x), "y": round(y), "deltaX": 0, "deltaY": turn}]
        wheel = {"type": "wheel", "id": "wheel", "actions": moves}
        self.ask("WebDriver:PerformActions", {"actions": [wheel]})

    def give(self, chooser: str, files: list[Path]) -> None:
        """Have a chooser of files, named by a CSS selector, hold these."""
        found = self.ask("WebDriver:FindElement", {"using": "css selector", "value": chooser})
        text = "\n".join(map(str, files))
        given = {"id": next(iter(found.values())), "text": text}
        self.ask("WebDriver:ElementSendKeys", given)

    def press(self, *keys: str) -> None:
        """Press keys together, and let go of them in turn."""
        down = [{"type": "keyDown", "value": key} for key in keys]
        up = [{"type": "keyUp", "value": key} for key in reversed(keys)]
        board = {"type": "key", "id": "keys", "actions": down + up}
        self.ask("WebDriver:PerformActions", {"actions": [board]})


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
