"""What a container leaves of the machine: the limits of Linux control groups, both versions.

A process may be in a group inside of a group; the tightest limit on the way up counts. See
https://docs.kernel.org/admin-guide/cgroup-v2.html (memory.max, cpu.max) and
https://docs.kernel.org/admin-guide/cgroup-v1/ (memory.limit_in_bytes, cpu.cfs_quota_us).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

GROUPS = Path("/sys/fs/cgroup")
"""Where the system shows control groups."""

MEMBERSHIP = Path("/proc/self/cgroup")
"""File that tells in which control groups this process is."""


def memory_left() -> int | None:
    """Bytes that the tightest limit on memory leaves; None where there is no limit.

    What only caches files can be given back and counts as left.
    """
    left = []
    for folder in _folders("memory"):
        for limit, used, cached in (
            ("memory.max", "memory.current", "inactive_file"),
            ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
        ):
            most, held = _number(folder / limit), _number(folder / used)
            if most is not None and held is not None:
                left.append(most - held + _entry(folder / "memory.stat", cached))
    return max(0, min(left)) if left else None


def cpu_quota() -> float | None:
    """Cores' worth of time that this process may spend; None where there is no limit."""
    quotas = []
    for folder in _folders("cpu"):
        text = _text(folder / "cpu.max").split()
        quota = _number(folder / "cpu.cfs_quota_us")
        period = _number(folder / "cpu.cfs_period_us")
        if len(text) == 2 and text[0].isdigit():
            quota, period = int(text[0]), int(text[1])
        if quota is not None and period and quota > 0:
            quotas.append(quota / period)
    return min(quotas) if quotas else None


def _folders(controller: str) -> Iterator[Path]:
    """Folders of the groups that this process is in, from the innermost outwards."""
    for line in _text(MEMBERSHIP).splitlines():
        match = re.fullmatch(r"\d+:([^:]*):/(.*)", line)
        if not match or (match[1] and controller not in match[1].split(",")):
            continue
        root = GROUPS / controller if match[1] else GROUPS
        inside = Path(match[2])
        # In a namespace of its own a process sees its group at the root.
        if ".." not in inside.parts:
            yield from (root / folder for folder in (inside, *inside.parents))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except (OSError, ValueError):
        return ""


def _number(path: Path) -> int | None:
    try:
        return int(_text(path))
    except ValueError:  # no such file, or "max"
        return None


def _entry(path: Path, name: str) -> int:
    match = re.search(rf"^{name} (\d+)$", _text(path), re.MULTILINE)
    return int(match[1]) if match else 0
