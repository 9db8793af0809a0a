"""Constants that need no guard, from the table ``exempt.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

TABLE = Path(__file__).with_name("exempt.toml")


@dataclass(frozen=True)
class Exemptions:
    """What is left alone.

    Attributes
    ----------
    names : dict of str to str
        Reason by ``path:NAME`` or ``path:NAME[2]``.
    tags : dict of str to str
        Reason by path of a module or a folder.
    """

    names: dict[str, str]
    tags: dict[str, str]

    def key_of(self, path: str, name: str) -> str | None:
        """Return the line that exempts a constant of a module; None if none does."""
        one = f"{path}:{name}"
        whole = one.partition("[")[0]
        rooms = [p.as_posix() for p in (Path(path), *Path(path).parents)]
        known = {**self.tags, **self.names}
        return next((key for key in (*rooms, one, whole) if key in known), None)

    def unused(self, constants: Iterable[tuple[str, str]]) -> list[str]:
        """Return lines that exempt none of the constants, given by path and name."""
        used = {self.key_of(path, name) for path, name in constants}
        return [key for key in (*self.names, *self.tags) if key not in used]


def read_exemptions(table: Path = TABLE) -> Exemptions:
    """Read the table; there is none if the file does not exist."""
    found = tomllib.loads(table.read_text(encoding="utf-8")) if table.is_file() else {}
    return Exemptions(found.get("exempt", {}), found.get("tags", {}))
