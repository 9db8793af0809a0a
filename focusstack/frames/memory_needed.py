"""How much memory the work on frames will take."""

from __future__ import annotations

from focusstack.frames.proxies.proxy import proxy_scale, proxy_size
from focusstack.frames.sources import FrameSource
from focusstack.options import StackOptions
from focusstack.runtime.memory import memory_bound
from focusstack.runtime.memory_need import MemoryNeed, StackSize, memory_need


def memory_needed(frames: FrameSource, options: StackOptions) -> MemoryNeed:
    """Decide how much is kept in memory at once: asked once a run, from what is free then."""
    width, height = frames.size
    proxy = proxy_size(width, height, proxy_scale(width, height))
    size = StackSize(
        width * height,
        proxy[0] * proxy[1],
        frames.channels,
        frames.dtype.itemsize,
        len(frames),
        layers=options.fusion.edges == "layers",
    )
    return memory_need(size, options.threads, memory_bound(options.memory))
