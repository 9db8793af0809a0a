"""What is taken for a picture: beyond these, a file is damaged or wants to do harm."""

from __future__ import annotations

MOST_MEGAPIXELS = 537
"""Larger pictures are refused unless asked for: a damaged or malicious header, no photograph.

Chosen, not measured: what OpenCV decodes at most is twice as much, the largest sensors have 150.
``python -m benchmarks.fuzz`` looks whether damaged files take more memory than that.
"""

MOST_COMPRESSED = 2000
"""Bytes of pixels per byte of file that no photograph reaches.

Chosen, not measured: flat pictures are packed a thousandfold at most by PNG. What a few bytes could
claim otherwise is what ``python -m benchmarks.fuzz`` looks for.
"""

MOST_PAGES = 4096
"""Pages of one TIFF beyond which it is no focus stack: to look at more takes ten seconds.

Chosen, not measured: ten times as many as the longest stacks have.
"""

BRIGHTEST = 16.0
"""Float values above this (4 stops over white) are not on a scale where white is 1.

Chosen, not measured: room for highlights beyond white; the next scale in use is 0 to 255.
"""
