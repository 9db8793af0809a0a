"""Claims: one holder at a time, taken over from the dead and from those who fall silent."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import psutil
import pytest

from focusstack.shoot import claims as module
from focusstack.shoot.claims import BEAT, STALE, Claims


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_claim_is_held_by_one(tmp_path: Path) -> None:
    with Claims(tmp_path) as one, Claims(tmp_path) as other:
        claim = one.claim("a")
        assert claim is not None
        assert other.claim("a") is None
        assert f"process {os.getpid()}" in other.holder("a")
        assert other.claim("b") is not None
        one.release(claim)
        assert other.claim("a") is not None
    assert files(tmp_path) == []


def test_of_many_who_try_at_once_one_succeeds(tmp_path: Path) -> None:
    several = [Claims(tmp_path) for _ in range(8)]
    together = Barrier(8)

    def attempt(claims: Claims, name: str) -> bool:
        together.wait()
        return claims.claim(name) is not None

    with ThreadPoolExecutor(8) as pool:
        for k in range(30):
            won = pool.map(attempt, several, [f"{k}"] * 8)
            assert sum(won) == 1


def left_behind(folder: Path, *, elsewhere: bool = False) -> None:
    """A claim whose process has been killed, here or on another machine."""
    code = (
        "import sys, os; from pathlib import Path; from focusstack.shoot.claims import Claims\n"
        "assert Claims(Path(sys.argv[1])).claim('a') is not None; os.kill(os.getpid(), 9)"
    )
    ended = subprocess.run([sys.executable, "-c", code, str(folder)], check=False)
    assert ended.returncode == -9
    if elsewhere:
        (path,) = folder.iterdir()
        path.write_text(json.dumps(json.loads(path.read_text()) | {"place": "another"}))


def test_the_claim_of_a_process_that_was_killed_here_counts_for_nothing(tmp_path: Path) -> None:
    left_behind(tmp_path)
    with Claims(tmp_path) as claims:
        claim = claims.claim("a")
        assert claim is not None
        assert claim.number == 1
        claims.release(claim)
    assert files(tmp_path) == []


def test_a_claim_from_elsewhere_is_stale_once_it_has_been_silent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left_behind(tmp_path, elsewhere=True)
    now = [1000.0]
    monkeypatch.setattr(module, "monotonic", lambda: now[0])
    claims = Claims(tmp_path)
    assert claims.claim("a") is None
    now[0] += STALE - 1
    assert claims.claim("a") is None
    now[0] += 2
    assert claims.claim("a") is not None


def test_signs_of_life_keep_a_claim(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    left_behind(tmp_path, elsewhere=True)
    (path,) = tmp_path.iterdir()
    now = [1000.0]
    monkeypatch.setattr(module, "monotonic", lambda: now[0])
    claims = Claims(tmp_path)
    for beat in range(20):
        path.write_text(json.dumps(json.loads(path.read_text()) | {"beat": beat}))
        assert claims.claim("a") is None
        now[0] += BEAT


def test_signs_of_life_are_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BEAT", 0.01)
    with Claims(tmp_path) as claims:
        claims.claim("a")
        path = tmp_path / "a.claim-0"
        first = path.read_bytes()
        for _ in range(500):
            if path.read_bytes() != first:
                break
            claims._ended.wait(0.01)
        assert json.loads(path.read_bytes())["beat"] > json.loads(first)["beat"]


def test_who_has_been_taken_for_dead_lets_go_of_nothing(tmp_path: Path) -> None:
    slow = Claims(tmp_path)
    claim = slow.claim("a")
    assert claim is not None
    (tmp_path / "a.claim-1").write_bytes((tmp_path / "a.claim-0").read_bytes())  # a taker's
    slow.release(claim)
    assert claim.lost
    assert files(tmp_path) == ["a.claim-0", "a.claim-1"]


@pytest.mark.parametrize("text", [b"", b"[]", b"{", b'{"pid": -1}', b"\xff", b"9" * 10000])
def test_what_is_no_claim_goes_stale(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: bytes
) -> None:
    (tmp_path / "a.claim-0").write_bytes(text)
    now = [0.0]
    monkeypatch.setattr(module, "monotonic", lambda: now[0])
    claims = Claims(tmp_path)
    assert claims.claim("a") is None
    now[0] += 2 * STALE
    assert claims.claim("a") is not None


def test_without_links_claims_work_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise PermissionError(1, "no links here")

    monkeypatch.setattr(os, "link", refused)
    one, other = Claims(tmp_path), Claims(tmp_path)
    claim = one.claim("a")
    assert claim is not None
    assert other.claim("a") is None
    one.release(claim)
    assert files(tmp_path) == []


def test_a_claim_is_taken_over_within_a_minute() -> None:
    assert 2 * BEAT < STALE < 60 - BEAT


@pytest.mark.skipif(sys.platform != "linux", reason="other systems tell when processes began")
def test_a_clock_that_is_set_takes_no_claim_from_a_living_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    began = psutil.Process.create_time
    with Claims(tmp_path) as one, Claims(tmp_path) as other:
        assert one.claim("a") is not None
        monkeypatch.setattr(psutil.Process, "create_time", lambda self: began(self) + 3600)
        assert other.claim("a") is None


def test_of_a_claim_little_is_read(tmp_path: Path) -> None:
    with (tmp_path / "a.claim-0").open("wb") as file:
        file.truncate(1 << 40)
    assert Claims(tmp_path).claim("a") is None
