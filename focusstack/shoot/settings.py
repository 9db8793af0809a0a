"""Everything that can be asked of a batch; the defaults need no touching."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from focusstack.errors import UsageError
from focusstack.options import StackOptions
from focusstack.shoot.splitting import How
from focusstack.shoot.stack_names import TEMPLATE

Action = Literal["keep", "quarantine"]


@dataclass(frozen=True)
class BatchOptions:
    """Options of a batch.

    Attributes
    ----------
    stack : StackOptions
        Of every stack; `threads` and `memory` are those of all together.
    how : How
        How the shoot is split.
    stacks : path, optional
        An edited table of stacks, by which it is split instead.
    template : str
        What stacks are called.
    catalogue : mapping of str to str
        Numbers of stacks by their files.
    jobs : int, optional
        Stacks that are worked on side by side; as many as is fastest if not given.
    on : mapping of str to str
        ``keep`` or ``quarantine`` for the verdicts ``look`` and ``fail``; kept if not said.
    retry : bool
        Whether stacks that have failed are tried again.

    Raises
    ------
    UsageError
        If a number or a word makes no sense.
    """

    stack: StackOptions = field(default_factory=StackOptions)
    how: How = field(default_factory=How)
    stacks: Path | None = None
    template: str = TEMPLATE
    catalogue: Mapping[str, str] = field(default_factory=dict)
    jobs: int | None = None
    on: Mapping[str, Action] = field(default_factory=dict)
    retry: bool = False

    def __post_init__(self) -> None:
        if self.jobs is not None and self.jobs < 1:
            raise UsageError(f"jobs={self.jobs} does no work", "Give 1 or more, or auto.")
        for verdict, action in self.on.items():
            if verdict not in ("look", "fail") or action not in ("keep", "quarantine"):
                raise UsageError(
                    f"nothing can be done by '{verdict:.40}={action:.40}'",
                    "Give look or fail, and keep or quarantine: --on fail=quarantine",
                )
