"""How many stacks are worked on side by side, and what each may take of the computer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from focusstack.frames.proxies.proxy import proxy_scale, proxy_size
from focusstack.images.suffixes import RAW, kind
from focusstack.options import StackOptions
from focusstack.runtime.memory import memory_bound
from focusstack.runtime.memory_need import StackSize, memory_need
from focusstack.shoot.splitting import Stack

UNKNOWN_SIZE = (6000, 4000)
"""Pixels of frames whose headers tell no size: what most cameras have."""


def share_out(
    stacks: Sequence[Stack], options: StackOptions, jobs: int | None
) -> tuple[int, StackOptions]:
    """Return how many stacks to work on side by side, and the options of each.

    Stacks side by side share neither locks nor waiting, so that a core each is faster than all
    cores for one, as long as every one of them has the memory to work as fast as alone.

    Parameters
    ----------
    stacks : sequence of Stack
        All of them.
    options : StackOptions
        Threads and memory of all together.
    jobs : int or None
        How many, if that is asked for.
    """
    bound = memory_bound(options.memory)
    if jobs is None:
        most = max(1, min(options.threads, len(stacks)))
        jobs = next((n for n in range(most, 1, -1) if _fits(stacks, options, n, bound)), 1)
    threads = max(1, options.threads // jobs)
    return jobs, replace(options, threads=threads, memory=max(1, bound // jobs))


def _fits(stacks: Sequence[Stack], options: StackOptions, jobs: int, bound: int) -> bool:
    """Whether none of the stacks is slower for having a share of the memory alone."""
    threads = max(1, options.threads // jobs)
    layers = options.fusion.edges == "layers"
    for size in {replace(_size(stack), layers=layers) for stack in stacks}:
        share = memory_need(size, threads, bound // jobs)
        alone = memory_need(size, threads, bound)
        if share.bytes > bound // jobs or (share.ahead, share.in_file) != (
            alone.ahead,
            alone.in_file,
        ):
            return False
    return True


def _size(stack: Stack) -> StackSize:
    """What a stack takes, by the headers of its files."""
    width, height = next((shot.size for shot in stack.shots if shot.size), UNKNOWN_SIZE)
    proxy = proxy_size(width, height, proxy_scale(width, height))
    deep = any(
        s.path.suffix.lower() in RAW or kind(s.path) in (".tif", ".png") for s in stack.shots
    )
    count = max(len(stack.shots), stack.shots[0].pages)
    return StackSize(width * height, proxy[0] * proxy[1], 3, 2 if deep else 1, count)
