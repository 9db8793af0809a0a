"""Commands take their options in groups; Typer is told of them one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import MISSING, Field, fields, is_dataclass
from inspect import Parameter, Signature, signature
from typing import Annotated, Any, NamedTuple, get_args, get_origin, get_type_hints


class Only:
    """Says which options of a group a command has; the others keep their defaults.

    Parameters
    ----------
    *names : str
        Fields of the group.
    """

    def __init__(self, *names: str) -> None:
        self.names = names


class _Group(NamedTuple):
    """A parameter that stands for several options."""

    kind: type
    fields: list[Field[Any]]

    def parameters(self) -> Iterator[Parameter]:
        hints = get_type_hints(self.kind, include_extras=True)
        for f in self.fields:
            default = Parameter.empty if f.default is MISSING else f.default
            if f.default_factory is not MISSING:
                default = f.default_factory()
            yield Parameter(
                f.name, Parameter.KEYWORD_ONLY, default=default, annotation=hints[f.name]
            )

    def filled(self, given: dict[str, Any]) -> Any:
        return self.kind(**{f.name: given[f.name] for f in self.fields})


def spread_groups(command: Callable[..., None]) -> Callable[..., None]:
    """Return a command whose options are the fields of the dataclasses that `command` takes.

    Parameters
    ----------
    command : callable
        Its parameters are dataclasses, all of whose fields are annotated as Typer wants options,
        whole or with :class:`Only`; or single arguments and options as Typer knows them.

    Returns
    -------
    callable
        For Typer: of the same name, with the same help.
    """
    hints = get_type_hints(command, include_extras=True)
    own = signature(command).parameters
    groups = {name: group for name in own if (group := _group_of(hints[name]))}
    shown: list[Parameter] = []
    for name, parameter in own.items():
        if name in groups:
            shown += groups[name].parameters()
        else:
            shown.append(parameter.replace(kind=Parameter.KEYWORD_ONLY, annotation=hints[name]))

    def spread(**given: Any) -> None:
        single = {name: given[name] for name in own if name not in groups}
        command(**single, **{name: group.filled(given) for name, group in groups.items()})

    spread.__name__, spread.__doc__ = command.__name__, command.__doc__
    spread.__signature__ = Signature(shown)  # type: ignore[attr-defined]
    return spread


def _group_of(hint: Any) -> _Group | None:
    """Return the group that an annotation names; None if it is a single option's."""
    kind, *marks = get_args(hint) if get_origin(hint) is Annotated else (hint,)
    if not is_dataclass(kind):
        return None
    assert isinstance(kind, type)
    wanted = next((mark.names for mark in marks if isinstance(mark, Only)), None)
    return _Group(kind, [f for f in fields(kind) if wanted is None or f.name in wanted])
