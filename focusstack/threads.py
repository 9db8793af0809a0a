"""Who uses the cores: frames side by side, not OpenCV within one call.

Codecs and pyramids gain nothing from OpenCV's own threads, and two levels of threads get in each
other's way.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import cv2


@contextmanager
def own_threads() -> Iterator[None]:
    """Keep OpenCV to one thread a call, and give its setting back afterwards."""
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(before)
