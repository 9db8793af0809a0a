"""Who is let in: nobody without the secret, nobody from elsewhere, and to no other file."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest

from focusstack.retouch.result import open_result
from focusstack.studio.admission import HEADERS
from focusstack.studio.jobs import Jobs
from focusstack.studio.serving import Serving
from focusstack.studio.session import Session
from focusstack.studio.web import ReviewAnswers, application


class Place(NamedTuple):
    """A server that runs in this process."""

    host: str
    token: str

    def ask(
        self, path: str, method: str = "GET", body: bytes | None = None, **headers: str
    ) -> tuple[int, dict[str, str], bytes]:
        """Ask for a path as it is: nothing tidies it on the way."""
        line = http.client.HTTPConnection(self.host, timeout=30)
        line.putrequest(method, path, skip_host="Host" in headers)
        for name, value in headers.items():
            line.putheader(name.replace("_", "-"), value)
        if body is not None:
            line.putheader("Content-Length", str(len(body)))
        line.endheaders(body)
        answer = line.getresponse()
        found = answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()
        line.close()
        return found

    def status(self, path: str, method: str = "GET", **headers: str) -> int:
        return self.ask(f"/{self.token}{path}", method, None, **headers)[0]


@pytest.fixture(scope="module")
def place(stacked: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    import shutil

    folder = shutil.copytree(stacked, tmp_path_factory.mktemp("guard") / "photos-stacked")
    jobs = Jobs()
    session = Session(open_result(folder), jobs)
    serving = Serving(application(ReviewAnswers({"0": session}.__getitem__).routes()))
    found = urlsplit(serving.address)
    yield Place(found.netloc, found.path.strip("/"))
    serving.close()
    session.close()
    jobs.close()


STATE = "/review/0/api/state"


def test_the_page_is_answered_and_says_that_nothing_comes_from_elsewhere(place: Place) -> None:
    status, headers, body = place.ask(f"/{place.token}/review/0/")
    assert status == 200
    assert b"<!doctype html>" in body
    for name, value in HEADERS.items():
        assert headers[name.lower()] == value
    assert "default-src 'none'" in headers["content-security-policy"]
    assert not any(name.startswith("access-control") for name in headers)


def test_it_listens_to_this_machine_alone(place: Place) -> None:
    assert place.host.startswith("127.0.0.1:")
    assert len(place.token) >= 43  # 256 bits


def test_without_the_secret_nothing_is_answered(place: Place) -> None:
    wrong = place.token[:-1] + ("A" if place.token[-1] != "A" else "B")
    for path in ("/", STATE, f"/{wrong}{STATE}", f"/{place.token}", f"//{place.token}{STATE}",
                 f"/{place.token.lower()}x{STATE}", f"/%2f{place.token}{STATE}"):  # fmt: skip
        status, headers, body = place.ask(path)
        assert (status, body) == (403, b"refused"), path
        assert headers["content-security-policy"] == HEADERS["Content-Security-Policy"]


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8765", "127.0.0.1", "127.0.0.1.evil.example", ""]
)
def test_a_foreign_host_is_refused(place: Place, host: str) -> None:
    assert place.status(STATE, Host=host) == 403


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "https://127.0.0.1", "http://127.0.0.1:1"]
)
def test_a_foreign_origin_is_refused(place: Place, origin: str) -> None:
    assert place.status(STATE, Origin=origin) == 403
    assert place.status("/review/0/api/undo", "POST", Origin=origin) == 403


def test_the_own_origin_is_let_in(place: Place) -> None:
    assert place.status(STATE, Origin=f"http://{place.host}") == 200
    port = place.host.partition(":")[2]
    assert place.status(STATE, Host=f"localhost:{port}") == 200


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_what_another_page_asks_for_is_refused(place: Place, site: str) -> None:
    headers = {"Sec-Fetch-Site": site}
    assert place.status(STATE, **headers) == 403
    image = headers | {"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}
    assert place.status("/review/0/api/thumbnail/0", **image) == 403
    # To follow the link that the program gives is no more than to type it.
    link = headers | {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    assert place.status("/review/0/", **link) == 200
    assert place.status("/review/0/api/undo", "POST", **link) == 403


@pytest.mark.parametrize(
    "path",
    [
        "/static/../../../../etc/passwd",
        "/static/..%2f..%2f__init__.py",
        "/static/%2e%2e/web.py",
        "/static//etc/passwd",
        "/static/review.html%00.js",
        "/static/web.py",
        "/static/",
        "/review/../0/api/state",
        "/review/1/",
        "/review/0/fused.png",
        "/review/0/../../photos-stacked/report.json",
        "/etc/passwd",
    ],
)
def test_no_other_file_is_found(place: Place, path: str) -> None:
    status, _, body = place.ask(f"/{place.token}{path}")
    assert status in (404, 405)
    assert b"root:" not in body


@pytest.mark.parametrize("of", ["frame:../fused.png", "made:/etc/passwd", "frame:", "other", ""])
def test_sources_are_names_not_files(place: Place, of: str) -> None:
    status, _, body = place.ask(f"/{place.token}/review/0/api/block/0/0/0?of={of}")
    assert status == 400
    assert b"there is no source" in body or b"there is no frame" in body


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{", b"3", b'{"stroke": 3}', b'{"stroke": {"kind": "paint"}}', b"[" * 200_000],
)
def test_what_makes_no_sense_is_refused_in_words(place: Place, body: bytes) -> None:
    status, _, said = place.ask(f"/{place.token}/review/0/api/stroke", "POST", body)
    assert status == 400
    assert b"Traceback" not in said


def test_why_a_frame_cannot_be_painted_from_is_told(place: Place) -> None:
    stroke = {"kind": "paint", "source": "frame:a\x1b[31m.jpg", "points": [[9, 9, 1]], "size": 9}
    body = json.dumps({"stroke": stroke}).encode()
    status, _, said = place.ask(f"/{place.token}/review/0/api/stroke", "POST", body)
    assert status == 400
    assert "rename the file" in json.loads(said)["error"]


def test_more_than_a_page_sends_is_refused(place: Place) -> None:
    body = b'{"x": "' + b"x" * (5 << 20) + b'"}'
    status, _, said = place.ask(f"/{place.token}/review/0/api/stroke", "POST", body)
    assert status == 400
    assert b"too much" in said


def test_reading_changes_nothing(place: Place) -> None:
    for act in ("stroke", "undo", "save", "fuse", "slabs", "fine", "stop"):
        assert place.status(f"/review/0/api/{act}") == 405


def test_numbers_without_end_are_refused(place: Place) -> None:
    status, _, body = place.ask(f"/{place.token}/review/0/api/stop", "POST", b'{"job": 1e999}')
    assert (status, json.loads(body)["remedy"]) == (400, "")


def test_what_the_system_refuses_is_told(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_: object) -> bytes:
        raise FileNotFoundError(2, "No such file", "source-map.png")

    monkeypatch.setattr(Session, "taken", gone)
    status, _, body = place.ask(f"/{place.token}/review/0/api/taken")
    assert status == 409
    assert json.loads(body)["error"] == "source-map.png: No such file"
