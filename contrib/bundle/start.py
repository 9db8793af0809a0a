"""Where the bundle starts: the command line; without a word typed, the door without a terminal."""

from __future__ import annotations

import multiprocessing
import sys

from focusstack.cli import main

if __name__ == "__main__":
    multiprocessing.freeze_support()  # workers of a batch are this program again
    if len(sys.argv) == 1 and not (sys.stdout and sys.stdout.isatty()):
        sys.argv.append("app")  # a double click
    main()
