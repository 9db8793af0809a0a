"""What is too small to be measured is refused."""

from __future__ import annotations

import numpy as np
import pytest

from focusstack.errors import InputError
from focusstack.first_pass.measure import spool_for
from focusstack.frames.in_memory import ArrayFrames


@pytest.mark.parametrize(("side", "enough"), [(45, False), (90, True)])
def test_frames_must_hold_tiles(side: int, enough: bool) -> None:
    frames = ArrayFrames([np.full((200, side, 3), k, np.uint8) for k in (0, 9)], ["a", "b"])
    if enough:
        spool, scale = spool_for(frames, 3.0, 1_000_000)
        with spool:
            assert scale == 1
    else:
        with pytest.raises(InputError, match="45 x 200 pixels, too few") as caught:
            spool_for(frames, 3.0, 1_000_000)
        assert caught.value.remedy
