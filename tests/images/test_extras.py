"""What is said of a format without the extra that it needs."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from focusstack.errors import InputError
from focusstack.pipeline import plan_stack


@pytest.mark.parametrize(
    ("name", "module", "extra"),
    [("a.heic", "pillow_heif", "heic"), ("a.NEF", "rawpy", "raw"), ("a.mp4", "av", "video")],
)
def test_the_command_that_installs_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, module: str, extra: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    for k in (1, 2):
        (tmp_path / f"{k}{name[1:]}").write_bytes(b"\0\0\0\x20ftypheic" + bytes(100))
    with pytest.raises(InputError, match="extra that is not installed") as caught:
        plan_stack(sorted(tmp_path.iterdir())[:1] if extra == "video" else tmp_path)
    assert f"pip install 'focusstack[{extra}]'" in str(caught.value)
