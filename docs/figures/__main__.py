"""``python -m docs.figures``: make all pictures of the documentation anew, in docs/pictures/."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from docs.figures import door, page, pictures, plots, retouching, terminal
from docs.figures.desk import SAMPLE, Desk

FOLDER = Path(__file__).resolve().parents[1] / "pictures"


def main() -> None:
    """Make all pictures and print their sizes."""
    FOLDER.mkdir(exist_ok=True)
    desk = Desk()
    made = [plots.draw(name, desk, FOLDER) for name in plots.FIGURES]
    made += [pictures.handheld(desk, FOLDER), pictures.composite(desk, FOLDER)]
    os.chdir(SAMPLE.parents[1])
    with tempfile.TemporaryDirectory() as place:
        (Path(place) / "samples").symlink_to(SAMPLE.parent)
        os.chdir(place)
        for name, command in (
            ("inspect", "inspect samples/desk"),
            ("run", "run samples/desk --output desk-stacked"),
        ):
            text = terminal.shown(*command.split())
            made.append(terminal.picture(f"focusstack {command}", text, FOLDER / f"{name}.svg"))
        shown = page.screenshot(Path("desk-stacked/report.html"), FOLDER / "report.webp")
        made += [shown] if shown else []
        made.append(retouching.before_after(Path("desk-stacked"), FOLDER / "retouched.webp"))
        start = door.start_page(Path("samples/desk"), Path("desk-stacked"), FOLDER / "app.webp")
        made += [start] if start else []
        made += retouching.review_pages(Path("desk-stacked"), FOLDER)
    for path in made:
        print(f"{path.stat().st_size / 1000:6.0f} kB  {path.name}")


if __name__ == "__main__":
    main()
