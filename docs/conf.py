"""How Sphinx builds the site: ``python -m sphinx -W --keep-going -b html docs build/docs``."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
sys.path.insert(0, str(ROOT))

from docs.site.commands import commands_page  # noqa: E402 - of this clone, wherever it is built
from docs.site.report_fields import report_page  # noqa: E402
from focusstack.runtime.version import __version__  # noqa: E402

project = "focusstack"
author = "focusstack contributors"
release = version = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
root_doc = "index"
exclude_patterns = ["built"]
myst_heading_anchors = 3
myst_links_external_new_tab = False
smartquotes = False
suppress_warnings = ["myst.header"]

default_role = "py:obj"
autodoc_typehints = "none"
autodoc_member_order = "bysource"
napoleon_google_docstring = False
napoleon_use_rtype = False
napoleon_use_ivar = True
add_module_names = False

html_theme = "furo"
html_title = f"focusstack {__version__}"
html_favicon = "../focusstack/studio/page/icon.svg"
html_static_path = ["site/static"]
html_css_files = ["site.css"]
html_show_sphinx = False
html_show_copyright = False
html_copy_source = False
html_theme_options = {"source_repository": "https://github.com/focusstack/focusstack/",
                      "source_branch": "main", "source_directory": "docs/"}  # fmt: skip

HOME = "https://github.com/focusstack/focusstack"
"""Where files are shown that are no pages of the site."""


def led_out(text: str, folder: Path) -> str:
    """Lead links to files outside the documentation to where the repository is shown."""

    def led(found: re.Match[str]) -> str:
        target, hash_sign, place = found[1].partition("#")
        path = (folder / target).resolve()
        if HERE in path.parents or not path.exists():
            return found[0]  # a page, or a mistake that Sphinx finds
        kind = "tree" if path.is_dir() else "blob"
        return f"]({HOME}/{kind}/main/{path.relative_to(ROOT).as_posix()}{hash_sign}{place})"

    return re.sub(r"\]\(((?!\w+:|#)[^)\s]+)\)", led, text)


def lead_out(app: Any, page: str, source: list[str]) -> None:
    """Do so in a page."""
    source[0] = led_out(source[0], (Path(app.srcdir) / page).parent)


def lead_out_of_included(app: Any, path: Path, page: str, source: list[str]) -> None:  # noqa: ARG001
    """Do so in what a page includes, which stands elsewhere."""
    source[0] = led_out(source[0], (Path(app.srcdir) / path).parent)


def build_pages(app: Any) -> None:  # noqa: ARG001
    """Write the pages that are made from the program."""
    folder = HERE / "built"
    folder.mkdir(exist_ok=True)
    for name, made in (("commands.md", commands_page()), ("report-fields.md", report_page())):
        (folder / name).write_text(made, encoding="utf-8")


def setup(app: Any) -> None:
    """Tell Sphinx of it."""
    app.connect("builder-inited", build_pages)
    app.connect("source-read", lead_out)
    app.connect("include-read", lead_out_of_included)
