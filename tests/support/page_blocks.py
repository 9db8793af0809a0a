"""Blocks of code in pages, and the commands in them."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
"""What people read; what is made when the site is built is tested where it is made from."""

PAGES = [page for page in PAGES if "built" not in page.parts]


class Block(NamedTuple):
    """A fenced block of a page."""

    page: Path
    line: int
    language: str
    code: str


def blocks_of(page: Path) -> list[Block]:
    """Return all fenced blocks of a page, in lists, too."""
    text = page.read_text(encoding="utf-8")
    fence = re.compile(r"^( *)```([^\n`]*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
    return [
        Block(page, text[: found.start()].count("\n") + 2, found[2].strip(),
              textwrap.dedent(found[3]))
        for found in fence.finditer(text)
    ]  # fmt: skip


def name_of(page: Path) -> str:
    """Return the path of a page from the root."""
    return page.relative_to(ROOT).as_posix()
