"""How pages are filled in: what is put into them is escaped."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jinja2 import Environment


def page_templates(package: str) -> Environment:
    """Return what fills in the templates in the folder ``page`` of a package.

    Names that nothing stands for are errors.

    Examples
    --------
    >>> page_templates("focusstack.output.report").from_string("{{ name }}").render(name="<b>")
    '&lt;b&gt;'
    """
    # Only a page needs these: commands that write none start without them.
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader(package, "page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
