"""The command line: parses, calls the library, turns errors into exit codes. Nothing else.

Heavy modules are imported inside the commands, so that ``--help`` answers at once.
"""

from __future__ import annotations

import gc
import signal
from typing import Annotated

import typer

from focusstack.cli.batching import batch
from focusstack.cli.command import Command, Commands
from focusstack.cli.door import open_door
from focusstack.cli.examples import EPILOG, epilog
from focusstack.cli.measuring import inspect
from focusstack.cli.preparing import prepare
from focusstack.cli.retouching import app as open_app
from focusstack.cli.retouching import retouch, review
from focusstack.cli.sampling import sample
from focusstack.cli.splitting import split
from focusstack.cli.stacking import align, run
from focusstack.cli.stages import crop, equalize, fuse
from focusstack.cli.watching import watch
from focusstack.runtime.version import __version__

_HELP = {"help_option_names": ["-h", "--help"]}

app = typer.Typer(
    name="focusstack",
    cls=Commands,
    context_settings=_HELP,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Turn a hand-held focus series into aligned frames and one image that is sharp everywhere."
    "\n\nEquals out exposure, aligns every frame to a fraction of a pixel, crops to exactly the "
    "area all frames share, and fuses.",
    epilog=EPILOG,
)

_PANELS = {
    "The whole chain": (run,),
    "Whole shoots": (split, batch, watch),
    "Single stages": (align, fuse, equalize, crop),
    "Look and mend": (inspect, review, retouch),
    "Without a terminal": (open_app,),
    "Try and set up": (sample, prepare),
}
for _panel, _commands in _PANELS.items():
    for _command in _commands:
        app.command(
            cls=Command,
            context_settings=_HELP,
            epilog=epilog(_command.__name__),
            rich_help_panel=_panel,
        )(_command)


def main() -> None:
    """Run the command line."""
    # Until there is anything to clean up, Ctrl-C ends the program at once and in silence.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        with open_door():
            app()
    finally:
        gc.freeze()  # a quarter of a second less for looking through all that ends anyway


def _version(wanted: bool) -> None:
    if wanted:
        print(f"focusstack {__version__}")
        raise typer.Exit


@app.callback()
def _top(
    version: Annotated[
        bool,
        typer.Option("--version", "-V", callback=_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    pass
