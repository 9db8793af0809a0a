"""How many cores there are to work with."""

from __future__ import annotations

import math
import os

from focusstack.runtime.containers import cpu_quota


def usable_cores() -> int:
    """Return the number of cores that this process may keep busy, at least 1.

    The least of what the machine has, what the process is pinned to, and what a container's quota
    of time amounts to, rounded up.
    """
    quota = cpu_quota()
    return max(1, min(_allowed_cores(), math.ceil(quota) if quota is not None else 1 << 16))


def _allowed_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    import psutil  # where Python itself does not say what a process is pinned to

    process = psutil.Process()
    if hasattr(process, "cpu_affinity"):
        return len(process.cpu_affinity())
    return psutil.cpu_count() or 1
