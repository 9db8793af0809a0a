"""The site is built without a warning, and every link in it leads somewhere."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest
import typer

import focusstack
from docs.site.commands import commands_page
from docs.site.report_fields import report_page
from tests.support.cli_calls import COMMAND
from tests.support.page_blocks import PAGES, ROOT, name_of


class Links(HTMLParser):
    """Where a page leads, and the places in it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.targets: list[str] = []
        self.places: set[str] = {""}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del tag
        told = dict(attrs)
        self.places |= {told["id"] or ""} if "id" in told else set()
        self.targets += [str(told[name]) for name in ("href", "src") if told.get(name)]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("furo", reason="the extra [docs] is not installed")
    place = tmp_path_factory.mktemp("site")
    asked = ["-W", "--keep-going", "-q", "-b", "html", str(ROOT / "docs"), str(place)]
    built = subprocess.run(
        [sys.executable, "-m", "sphinx", *asked], capture_output=True, text=True, check=False
    )
    assert built.returncode == 0, built.stderr
    assert not built.stderr
    return place


def broken(site: Path) -> Iterator[str]:
    """Links of all pages that lead nowhere in the site, or to no file of the repository."""
    pages = {path: Links(path.read_text(encoding="utf-8")) for path in site.rglob("*.html")}
    home = "https://github.com/focusstack/focusstack/"
    for page, links in pages.items():
        for target in links.targets:
            path, _, place = unquote(target).partition("#")
            if path.startswith(home):
                found = re.fullmatch(r"(?:blob|tree|edit)/main/([^?]*)(?:\?.*)?", path[len(home) :])
                if found and not (ROOT / found[1]).exists():
                    yield f"{page.name}: {target}"
            elif "://" not in path and not path.startswith(("data:", "mailto:")):
                there = (page.parent / path.partition("?")[0]).resolve() if path else page
                if not there.exists() or (there in pages and place not in pages[there].places):
                    yield f"{page.name}: {target}"


def test_every_link_leads_somewhere(site: Path) -> None:
    assert sorted(set(broken(site))) == []


def test_links_that_lead_nowhere_are_found(site: Path, tmp_path: Path) -> None:
    for name, target in (("a", "b.html"), ("b", "a.html#nowhere"), ("c", "c.html#here")):
        (tmp_path / f"{name}.html").write_text(f'<p id="here"><a href="{target}">x</a></p>')
    assert list(broken(tmp_path)) == ["b.html: a.html#nowhere"]
    (tmp_path / "b.html").unlink()
    assert list(broken(tmp_path)) == ["a.html: b.html"]


def test_every_page_is_in_the_site(site: Path) -> None:
    missing = [
        name_of(page)
        for page in PAGES[1:]
        if not (site / page.relative_to(ROOT / "docs")).with_suffix(".html").is_file()
    ]
    assert missing == []


def test_the_reference_tells_every_public_name(site: Path) -> None:
    text = (site / "reference" / "python.html").read_text(encoding="utf-8")
    places = Links(text).places
    untold = [
        name
        for name in focusstack.__all__
        if not any(p.endswith(f".{name}") for p in places) and name != "__version__"
    ]
    assert untold == []


# What is made from the program -----------------------------------------------------------------


def test_the_page_of_commands_tells_every_option() -> None:
    assert isinstance(COMMAND, typer.core.TyperGroup)
    parts = dict(re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", commands_page(), re.M | re.S))
    assert set(parts) == set(COMMAND.commands)
    for name, command in COMMAND.commands.items():
        for parameter in command.params:
            for option in parameter.opts:
                assert not option.startswith("-") or option in parts[name], f"{name} {option}"
        assert f"focusstack {name}" in parts[name]


def test_the_page_of_the_report_tells_every_field(plan: Path) -> None:
    text = report_page()

    def fields(value: object) -> Iterator[str]:
        if isinstance(value, dict):
            yield from value
            for one in value.values():
                yield from fields(one)
        elif isinstance(value, list):
            for one in value:
                yield from fields(one)

    told = set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE))
    report = json.loads(plan.read_text(encoding="utf-8"))
    assert set(report) <= told
    assert set(fields(report["frames"])) <= told | {"centre", "edge", "corner"}
    for target in re.findall(r"\]\(#(\w+)\)", text):
        assert re.search(rf"^## {target}$", text, re.MULTILINE | re.IGNORECASE), target
