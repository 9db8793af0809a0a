"""A folder of results is opened, or the folder that may have been meant is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from focusstack.errors import InputError
from focusstack.retouch.result import open_result


def test_where_no_results_are_those_nearby_are_named(tmp_path: Path) -> None:
    for place in ("photos", "photos-stacked", "card/a", "card/b c", "card/empty"):
        (tmp_path / place).mkdir(parents=True)
    for place in ("photos-stacked", "card/a", "card/b c"):
        (tmp_path / place / "report.json").write_text("{}")
    for given, meant in (("photos", ["photos-stacked"]), ("card", ["card/a", "card/b c"])):
        with pytest.raises(InputError, match=r"holds no report\.json") as caught:
            open_result(tmp_path / given)
        inputs = [change.inputs for change in caught.value.changes]
        assert inputs == [(str(tmp_path / place),) for place in meant]
