"""``python -m focusstack``: the command line."""

from focusstack.cli import main

main()
