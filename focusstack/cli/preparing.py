"""The command that compiles everything ahead: prepare."""

from __future__ import annotations

import time

from focusstack.cli.groups import spread_groups
from focusstack.cli.messages import Messages
from focusstack.cli.reporting import reporting, say


@spread_groups
def prepare(messages: Messages) -> None:
    """Compile ahead what every run needs, once for this machine.

    A first run does so by itself, as far as it needs it. This is for those who install the
    program, in a container or for others; pictures are not needed.
    """
    with reporting(messages, "focusstack.second_pass.prepare") as progress:
        from focusstack.cli.terminal import duration
        from focusstack.second_pass.prepare import prepare_everything

        began = time.monotonic()
        prepared = prepare_everything(progress)
        took = duration(time.monotonic() - began)
        how = f"prepared for this machine in {took}" if prepared.anew else "prepared already"
        say(f"{how}: {prepared.place}", quiet=messages.quiet)
