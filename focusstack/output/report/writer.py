"""The page in the making: pictures are taken and plots drawn while the run goes on."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from focusstack.frames.damaged import read_anyway
from focusstack.frames.sources import FrameSource
from focusstack.fusion.base import Fused
from focusstack.geometry.coordinates import Rect
from focusstack.images.read import read_picture
from focusstack.numeric.arrays import Image
from focusstack.output.report.collecting import Gathering
from focusstack.output.report.figures import Figures
from focusstack.output.report.html import draw_ahead, draw_exposures, report_page, seam_places
from focusstack.output.report.provenance import Provenance
from focusstack.plan.model import StackPlan
from focusstack.second_pass.frame import AlignedFrame


class ReportWriter:
    """Makes report.html in the course of a run.

    Parameters
    ----------
    plan : StackPlan
        Of the run.
    frames : FrameSource
        Its frames.
    beside : ThreadPoolExecutor
        One thread, in which plots are drawn while frames are fused.
    """

    def __init__(self, plan: StackPlan, frames: FrameSource, beside: ThreadPoolExecutor) -> None:
        self._plan = plan
        self._frames = frames
        self._beside = beside
        self._shown = Gathering(plan)
        self._ahead = False
        self._drawn: Future[Figures] | None = None
        self._exposures: Future[str | None] | None = None

    def draw_ahead(self) -> None:
        """Let what the page shows of the plan be drawn while frames are fused: for 25 MB more."""
        self._ahead = True

    def add(self, frame: AlignedFrame) -> None:
        """Take a picture of an aligned frame, and begin to draw.

        That is once a frame has been fused, and with it all that fuses is compiled; exposures are
        drawn once all frames have been shown, while the last one is fused. Compiler and plotting
        library both change for a while how the process treats warnings.
        """
        self._shown.add(frame.name, frame.planes, frame.metadata)
        if not self._ahead:
            return
        shown = self._shown.found
        if len(shown.frames) == 2:
            self._drawn = self._beside.submit(draw_ahead, self._plan)
        if len(shown.frames) == len(self._plan.used()):
            self._exposures = self._beside.submit(draw_exposures, self._plan, shown)

    def add_fused(self, fused: Fused) -> None:
        """Take depth and origin of the composite, and what layers did."""
        reference = self._frames.names.index(self._plan.reference)
        self._shown.add_fused(fused, self._frames.metadata_of(reference))

    def add_composite(self, image: Image, plan: StackPlan) -> None:
        """Take the composite, and what the plan says of its seams."""
        reference = self._frames.names.index(self._plan.reference)
        seams = [Rect(**place["rect"]) for place in seam_places(plan)]
        self._shown.add_composite(image, self._frames.metadata_of(reference), seams)

    def add_others(self, plan: StackPlan, written: dict[str, Path]) -> None:
        """Take pictures of what has not passed by: frames left out, or `written` earlier."""
        for f in plan.frames:
            if f.file not in self._frames.names:
                continue  # left out by name
            if not f.used:
                lost = read_anyway(self._frames, self._frames.names.index(f.file))
                self._shown.add_lost(f.file, lost)
            elif f.file not in self._shown.found.frames:
                picture = read_picture(written[f.file])
                self._shown.add(f.file, picture.pixels, picture.metadata)

    def page(
        self, plan: StackPlan, made: Provenance, fused: str | None, links: dict[str, str]
    ) -> bytes:
        """Return the page; `fused` names the composite, `links` lead to the aligned frames."""
        drawn = self._drawn.result() if self._drawn else None
        exposures = self._exposures.result() if self._exposures else None
        page = report_page(plan, self._shown.found, made, fused, links, drawn, exposures)
        # Names that are not UTF-8 cannot be shown as they are.
        return page.encode(errors="backslashreplace")
