"""Who uses the cores: frames side by side, not the libraries within one call.

Codecs and pyramids gain nothing from OpenCV's own threads, matrices of a stack's size nothing from
those of the linear algebra, and two levels of threads get in each other's way. Sums of products
would also come out differently on machines with more cores.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import cv2
from threadpoolctl import threadpool_limits


@contextmanager
def own_threads() -> Iterator[None]:
    """Keep OpenCV and BLAS to one thread a call, and give their settings back afterwards."""
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        with threadpool_limits(1, "blas"):
            yield
    finally:
        cv2.setNumThreads(before)
