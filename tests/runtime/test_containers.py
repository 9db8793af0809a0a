"""What a container leaves: limits of control groups, faked as files."""

from __future__ import annotations

from pathlib import Path

import pytest

from focusstack.runtime import containers, cores
from focusstack.runtime.containers import cpu_quota, memory_left
from focusstack.runtime.cores import usable_cores

MB = 1 << 20


@pytest.fixture
def groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without limits, in whose group ``/pod/box`` this process is."""
    monkeypatch.setattr(containers, "GROUPS", tmp_path / "cgroup")
    monkeypatch.setattr(containers, "MEMBERSHIP", tmp_path / "membership")
    (tmp_path / "membership").write_text("0::/pod/box\n")
    (tmp_path / "cgroup" / "pod" / "box").mkdir(parents=True)
    return tmp_path / "cgroup"


def limit_memory(folder: Path, most: str, held: int, cached: int = 0) -> None:
    (folder / "memory.max").write_text(f"{most}\n")
    (folder / "memory.current").write_text(f"{held}\n")
    (folder / "memory.stat").write_text(f"anon 5\ninactive_file {cached}\nactive_file 7\n")


def test_without_limits_nothing_is_said(groups: Path) -> None:
    assert memory_left() is None
    assert cpu_quota() is None
    limit_memory(groups / "pod", "max", 10 * MB)
    (groups / "pod" / "cpu.max").write_text("max 100000\n")
    assert memory_left() is None
    assert cpu_quota() is None


def test_the_tightest_group_counts(groups: Path) -> None:
    limit_memory(groups / "pod", str(1000 * MB), 700 * MB)
    limit_memory(groups / "pod" / "box", str(900 * MB), 100 * MB)
    assert memory_left() == 300 * MB
    limit_memory(groups / "pod" / "box", str(900 * MB), 899 * MB)
    assert memory_left() == 1 * MB


def test_what_only_caches_files_can_be_had(groups: Path) -> None:
    limit_memory(groups / "pod" / "box", str(900 * MB), 899 * MB, cached=500 * MB)
    assert memory_left() == 501 * MB


def test_groups_of_the_first_version(groups: Path) -> None:
    containers.MEMBERSHIP.write_text("5:memory:/box\n3:cpu,cpuacct:/box\n0::/\n")
    box = groups / "memory" / "box"
    box.mkdir(parents=True)
    (box / "memory.limit_in_bytes").write_text(str(80 * MB))
    (box / "memory.usage_in_bytes").write_text(str(50 * MB))
    (box / "memory.stat").write_text(f"total_inactive_file {10 * MB}\n")
    assert memory_left() == 40 * MB
    time = groups / "cpu" / "box"
    time.mkdir(parents=True)
    (time / "cpu.cfs_period_us").write_text("100000")
    (time / "cpu.cfs_quota_us").write_text("-1")
    assert cpu_quota() is None
    (time / "cpu.cfs_quota_us").write_text("150000")
    assert cpu_quota() == 1.5


@pytest.mark.parametrize(("quota", "expected"), [("50000", 1), ("200000", 2), ("250000", 3)])
def test_a_quota_of_time_is_a_number_of_cores(
    groups: Path, monkeypatch: pytest.MonkeyPatch, quota: str, expected: int
) -> None:
    monkeypatch.setattr(cores, "_allowed_cores", lambda: 8)
    assert usable_cores() == 8
    (groups / "pod" / "cpu.max").write_text(f"{quota} 100000\n")
    assert usable_cores() == expected


def test_a_group_outside_of_what_is_seen_is_not_looked_for(groups: Path) -> None:
    containers.MEMBERSHIP.write_text("0::/../../elsewhere\n")
    limit_memory(groups, str(9 * MB), 0)
    assert memory_left() is None


def test_files_that_are_no_numbers_are_no_limits(groups: Path) -> None:
    (groups / "memory.max").write_bytes(b"\xff\xfe")
    (groups / "memory.current").write_text("")
    (groups / "cpu.max").write_text("fast\n")
    assert memory_left() is None
    assert cpu_quota() is None
