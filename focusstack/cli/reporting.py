"""What the commands have in common: progress, messages, errors as exit codes."""

from __future__ import annotations

import gc
import logging
import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib import import_module
from pathlib import Path

import typer

from focusstack.cli.door import (
    BROKEN_PIPE,
    PlainFormatter,
    finish_output,
    forget_output,
    hear_libraries,
    printable,
    speak,
    whisper,
)
from focusstack.cli.interruption import prompt_interruption
from focusstack.cli.laid_out import laid_out
from focusstack.cli.log import log, logging_to
from focusstack.cli.messages import Messages
from focusstack.cli.options import Results
from focusstack.cli.terminal import TerminalProgress
from focusstack.cli.typed import typed_line, ways
from focusstack.errors import FocusstackError
from focusstack.runtime.allowances import check_limits, told_as_limit
from focusstack.runtime.version import __version__


@contextmanager
def reporting(messages: Messages, loads: str = "focusstack.pipeline") -> Iterator[TerminalProgress]:
    """Turn errors into messages and exit codes; what is said goes to the log, too.

    Parameters
    ----------
    messages : Messages
        What is said on the way.
    loads : str, optional
        The module with all that the block needs.
    """
    _set_up_logging(messages)
    progress = TerminalProgress(messages.quiet)
    with ExitStack() as kept, _telling_errors(messages, progress):
        kept.enter_context(logging_to(messages.log))
        log(f"focusstack {__version__}: {shown}" if (shown := typed_line()) else "focusstack")
        check_limits()
        import_module(loads)  # loading libraries cannot be interrupted later
        gc.freeze()  # a hundred thousand objects of theirs need not be looked through for garbage
        with prompt_interruption():
            yield progress
            finish_output()


def _set_up_logging(messages: Messages) -> None:
    level = logging.INFO if messages.verbose else logging.WARNING
    logging.basicConfig(level=level, stream=sys.stderr, force=True)
    logging.getLogger().handlers[0].setFormatter(PlainFormatter())
    # What Python and NumPy warn of is for those who look for a fault of the program.
    logging.captureWarnings(capture=True)
    logging.getLogger("py.warnings").setLevel(
        logging.WARNING if messages.debug else logging.CRITICAL
    )
    if messages.debug:
        hear_libraries()
    # What libraries say of broken files is in the error; where plots keep their fonts is no news.
    for library in ("tifffile", "matplotlib"):
        logging.getLogger(library).setLevel(logging.CRITICAL)
    os.environ.setdefault("OPENCV_LOG_LEVEL", "ERROR")


@contextmanager
def _telling_errors(messages: Messages, progress: TerminalProgress) -> Iterator[None]:
    try:
        yield
    except FocusstackError as error:
        progress.finish()
        raise _ended(error, error, messages) from None
    except KeyboardInterrupt as error:
        progress.finish()
        whisper("\n".join(["interrupted", *_notes(error)]))
        raise typer.Exit(130) from None
    except BrokenPipeError:
        progress.finish()
        forget_output()
        raise typer.Exit(BROKEN_PIPE) from None
    except (typer.Exit, typer.Abort):
        raise
    except Exception as error:
        progress.finish()
        if limit := told_as_limit(error):
            raise _ended(limit, error, messages) from None
        if messages.debug:
            raise
        kind = type(error).__name__
        whisper(f"error: something unexpected happened ({kind}: {error})")
        whisper("Run again with --debug and report what it prints.")
        raise typer.Exit(1) from None


def _ended(told: FocusstackError, error: Exception, messages: Messages) -> typer.Exit:
    """Say what has gone wrong; return how the program ends."""
    if messages.debug:
        traceback.print_exception(error)
    whisper("\n".join([f"error: {told}", *_notes(error), *ways(told.changes)]))
    return typer.Exit(told.exit_code)


def _notes(error: BaseException) -> list[str]:
    """What was added to an error on its way: that a run can be gone on from."""
    return list(getattr(error, "__notes__", []))


def say(message: str, *, quiet: bool = False) -> None:
    """Print a line of the result, unless asked to be quiet; the log has it in any case."""
    log(printable(message))
    if not quiet:
        speak(laid_out(printable(message), sys.stdout))


def announced(results: Results, inputs: list[Path], progress: TerminalProgress) -> Path:
    """Return where results go; if the user did not say, it is said as the work begins."""
    folder = results.folder(inputs)
    if results.output is None:
        progress.announce(f"Results go to {folder}")
    return folder
