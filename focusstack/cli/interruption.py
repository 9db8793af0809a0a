"""Ctrl-C ends the program within a second, whatever a library is in the middle of.

Python raises KeyboardInterrupt only between its own instructions: a decoder or compiler at work
finishes first, and threads are waited for. A watching thread ends the process if that takes too
long, with everything half done removed.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from focusstack.runtime.cleanup import remove_all

GRACE = 0.3
"""Seconds in which an interrupted program may end by itself."""

EXIT_CODE = 130
"""Exit code of a program that was interrupted, by whichever signal."""

SIGNALS = tuple(getattr(signal, n) for n in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, n))
"""Ctrl-C, what ends a program that nobody looks at, and a terminal that is closed."""


@contextmanager
def prompt_interruption() -> Iterator[None]:
    """End the process soon after Ctrl-C, even if the block does not end by itself."""
    if threading.current_thread() is not threading.main_thread():
        yield  # signals are the main thread's
        return
    # What is ignored stays so: `nohup` lets a program outlive its terminal.
    heard = [s for s in SIGNALS if signal.getsignal(s) is not signal.SIG_IGN]
    handlers = {s: signal.signal(s, signal.default_int_handler) for s in heard}
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    before = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    ended = threading.Event()
    watcher = threading.Thread(target=_watch, args=(reading, ended, heard), daemon=True)
    watcher.start()
    try:
        yield
    finally:
        ended.set()
        for number, handler in handlers.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(before)
        os.close(writing)
        watcher.join()
        os.close(reading)


def _watch(reading: int, ended: threading.Event, heard: list[signal.Signals]) -> None:
    """Wait for a signal; end the process unless it ends by itself."""
    while received := os.read(reading, 1):
        if received[0] in heard:
            if not ended.wait(GRACE):
                _leave()
            return


def _leave() -> None:
    said = "".join(f"{text}\n" for text in remove_all())
    shown = "\x1b[?25h\n" if sys.stderr.isatty() else ""  # progress bars hide the cursor
    with suppress(OSError, ValueError):
        os.write(sys.stderr.fileno(), f"{shown}interrupted\n{said}".encode(errors="replace"))
    os._exit(EXIT_CODE)
