"""The output folder: aligned frames as they come, then composite and reports."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from focusstack.errors import OutputError, UsageError
from focusstack.frames.files import FileFrames
from focusstack.frames.film import FilmFrames
from focusstack.frames.sources import FrameSource
from focusstack.fusion.base import Fused
from focusstack.images.metadata import Metadata
from focusstack.images.pages import PageWriter
from focusstack.images.read import read_picture
from focusstack.images.write import SUFFIXES, refuse_too_large, suffix_for, write_image
from focusstack.numeric.arrays import Image
from focusstack.options import OutputOptions, StackOptions
from focusstack.output.maps import write_maps
from focusstack.output.report.collecting import Gathering
from focusstack.output.report.figures import Figures
from focusstack.output.report.html import draw_ahead, draw_exposures, report_page
from focusstack.output.report.provenance import Provenance
from focusstack.output.resume import complete, load, mark_done, save, signature
from focusstack.output.staging import StagedFolder
from focusstack.plan.file import plan_to_json
from focusstack.plan.model import StackPlan
from focusstack.runtime.files import atomic_write
from focusstack.second_pass.frame import AlignedFrame


class OutputFolder:
    """Writes what a run gives; every file appears complete, once all of them are.

    Use `opened_folder` to make one.

    Attributes
    ----------
    dtype : dtype
        Of the pictures written.
    plan : StackPlan or None
        That of the interrupted run that is gone on from.
    """

    def __init__(
        self,
        options: OutputOptions,
        frames: FrameSource,
        staging: StagedFolder,
        made_from: dict[str, object],
    ) -> None:
        self.options = options
        self.frames = frames
        self.dtype = output_dtype(options, frames.dtype)
        self.plan: StackPlan | None = None
        self._made_from = made_from
        self._staging = staging
        self._done: set[Path] = set()
        self._pages: PageWriter | None = None
        self._shown: Gathering | None = None
        self._beside = ThreadPoolExecutor(1, thread_name_prefix="report")
        self._saved: Future[None] | None = None
        self._to_draw: StackPlan | None = None
        self._drawn: Future[Figures] | None = None
        self._exposures: Future[str | None] | None = None
        if staging.resumed:
            self.plan = load(staging.place, made_from)
            self._done = complete(staging.place)

    @property
    def scratch(self) -> Path:
        """A folder that vanishes with the run."""
        return self._staging.place

    def begin(self, plan: StackPlan) -> None:
        """Take the plan: once it is saved, the run can be gone on from."""
        if self._made_from and self.plan is None:
            self._saved = self._beside.submit(self._save, plan)
        if self.options.report:
            self._shown = Gathering(plan)
        if self.options.aligned and self.options.multipage:
            path = self._staging.staged(self.options.folder / "aligned.tif")
            bytes_a_frame = plan.crop.area * self.frames.channels * self.dtype.itemsize
            self._pages = PageWriter(path, bytes_a_frame * len(plan.used()))

    def _save(self, plan: StackPlan) -> None:
        save(self._staging.place, self._made_from, plan)
        self._staging.keep()

    def draw_ahead(self, plan: StackPlan) -> None:
        """Let what the report shows of the plan be drawn while frames are fused: for 25 MB more."""
        self._to_draw = plan if self.options.report else None

    def lacks(self, name: str) -> bool:
        """Whether the aligned frame of this name is still to be written."""
        return self._pages is not None or self._staged(self._aligned(name)) not in self._done

    def add(self, frame: AlignedFrame) -> None:
        """Take an aligned frame; it is shown in the report, and written if that is wanted."""
        if self._saved is not None:
            self._saved.result()
        if self._shown is not None:
            self._shown.add(frame.name, frame.planes, frame.metadata)
            self._draw()
        if not self.options.aligned or not self.lacks(frame.name):
            return
        pixels = frame.planes.rounded(self.dtype)
        if self._pages is not None:
            self._pages.add(pixels, frame.metadata)
            return
        path = self._staged(self._aligned(frame.name))
        write_image(path, pixels, frame.metadata, self.options.quality)
        if self._made_from:
            mark_done(self._staging.place, path)

    def _draw(self) -> None:
        """Begin to draw once a frame has been fused, and with it all that fuses is compiled.

        Exposures are drawn once all frames have been shown, while the last one is fused.
        Compiler and plotting library both change for a while how the process treats warnings.
        """
        if not self._to_draw or not self._shown:
            return
        plan, shown = self._to_draw, self._shown.found
        if len(shown.frames) == 2:
            self._drawn = self._beside.submit(draw_ahead, plan)
        if len(shown.frames) == len(plan.used()):
            self._exposures = self._beside.submit(draw_exposures, plan, shown)

    def write_maps(self, fused: Fused, frames: int) -> list[str]:
        """Write the maps that are wanted and return their names."""
        if self._shown is not None:
            self._shown.add_fused(fused)
        paths = [self._staged(path) for path in self._maps()]
        write_maps(fused, frames, self.options.maps, paths)
        return self.options.maps.names()

    def finish(self, plan: StackPlan, image: Image | None, made: Provenance) -> list[str]:
        """Write the composite, if there is one, and the reports; `made` is how.

        Returns
        -------
        list of str
            What the folder now holds, in words.
        """
        folder = self.options.folder
        if self._pages is not None:
            self._pages.close()
        fused, beside = None, [self._saved] if self._saved else []
        if image is not None and self.options.fused:
            fused = self._fused(plan.reference)
            beside.append(self._beside.submit(self._write_fused, plan, image, fused))
        beside.append(self._beside.submit(self._write_plan, plan))
        if self._shown is not None:
            if fused is not None and image is not None:
                self._shown.add_composite(image, self._carried(plan.reference))
            self._show_others(plan, self._shown)
            aligned = self._links(plan) if self.options.aligned else {}
            name = fused.name if fused else None
            drawn = self._drawn.result() if self._drawn else None
            exposures = self._exposures.result() if self._exposures else None
            page = report_page(plan, self._shown.found, made, name, aligned, drawn, exposures)
            # Names that are not UTF-8 cannot be shown as they are.
            data = page.encode(errors="backslashreplace")
            atomic_write(self._staged(folder / "report.html"), data)
        for written in beside:
            written.result()
        return self._contents(fused, len(plan.used()))

    def _write_fused(self, plan: StackPlan, image: Image, path: Path) -> None:
        count = (len(plan.frames), len(plan.used()))
        metadata = self._carried(plan.reference)
        write_image(self._staged(path), image, metadata, self.options.quality, frames=count)

    def _write_plan(self, plan: StackPlan) -> None:
        path = self._staged(self.options.folder / "report.json")
        atomic_write(path, plan_to_json(plan).encode())

    def _contents(self, fused: Path | None, frames: int) -> list[str]:
        """What was written, in words."""
        found = [fused.name] if fused else []
        if self.options.aligned:
            pages = self.options.multipage
            found.append(f"{'aligned.tif' if pages else 'aligned/'} ({frames} frames)")
        found += [path.name for path in self._maps()]
        return [*found, *["report.html"] * (self._shown is not None), "report.json"]

    def _show_others(self, plan: StackPlan, shown: Gathering) -> None:
        """Take pictures of what has not passed by: frames left out or done by an earlier run."""
        for f in plan.frames:
            if not f.used:
                shown.add_lost(f.file, self.frames.read(self.frames.names.index(f.file)))
            elif f.file not in shown.found.frames:
                path = self._staged(self._aligned(f.file))
                done = path if path.is_file() else self._aligned(f.file)
                picture = read_picture(done)
                shown.add(f.file, picture.pixels, picture.metadata)

    def _links(self, plan: StackPlan) -> dict[str, str]:
        """Path of each aligned frame from the report."""
        folder = self.options.folder
        used = (f.file for f in plan.used())
        return {name: self._aligned(name).relative_to(folder).as_posix() for name in used}

    def _carried(self, name: str) -> Metadata | None:
        """What the file of a frame says besides its pixels."""
        if not isinstance(self.frames, FileFrames):
            return None
        return self.frames.metadata[self.frames.names.index(name)]

    def abandon(self) -> None:
        """Let go of files that are still open, and of what is being done."""
        self._beside.shutdown(cancel_futures=True)
        if self._pages is not None:
            self._pages.abandon()

    def targets(self) -> list[Path]:
        """Every file that may be written."""
        names = self.frames.names
        folder = self.options.folder
        aligned = [self._aligned(name) for name in names] if self.options.aligned else []
        fused = [self._fused(name) for name in names] if self.options.fused else []
        reports = ["report.json"] + ["report.html"] * self.options.report
        return [*aligned, *fused, *self._maps(), *(folder / name for name in reports)]

    def _staged(self, target: Path) -> Path:
        return self._staging.staged(target)

    def _aligned(self, name: str) -> Path:
        if self.options.multipage:
            return self.options.folder / "aligned.tif"
        return self.options.folder / "aligned" / (Path(name).stem + self._suffix(name))

    def _maps(self) -> list[Path]:
        names = self.options.maps.names() if self.options.fused else []
        return [self.options.folder / name for name in names]

    def _fused(self, reference: str) -> Path:
        return self.options.folder / f"fused{self._suffix(reference)}"

    def _suffix(self, name: str) -> str:
        return suffix_for(self.options.format, Path(name).suffix, self.dtype)


@contextmanager
def opened_folder(
    output: OutputOptions | str | Path | None, frames: FrameSource, options: StackOptions
) -> Iterator[OutputFolder | None]:
    """Open the output folder of a run; None if nothing is to be written.

    What can be known to fail is refused now, not after the work. If the block ends with an error,
    what was there before is untouched.

    Raises
    ------
    OutputError
        If the folder holds files already and may not, cannot be made, an input would be
        overwritten, or the format cannot hold pictures of this size.
    UsageError
        If an interrupted run is to be gone on from and had other frames or options.
    """
    if output is None:
        yield None
        return
    asked = output if isinstance(output, OutputOptions) else OutputOptions(Path(output))
    if asked.resume and not isinstance(frames, FileFrames | FilmFrames):
        raise UsageError("only a run on files can be resumed", "Give files.")
    made_from = (
        signature(frames, asked, options) if isinstance(frames, FileFrames | FilmFrames) else {}
    )
    with StagedFolder(asked.folder, asked.overwrite, asked.resume) as staging:
        folder = OutputFolder(asked, frames, staging, made_from)
        check_targets(folder.targets(), frames)
        try:
            yield folder
        finally:
            folder.abandon()


def output_dtype(options: OutputOptions, given: np.dtype[np.generic]) -> np.dtype[np.generic]:
    """Dtype of the pictures that are written for frames of dtype `given`."""
    depths: dict[int | None, type] = {8: np.uint8, 16: np.uint16}
    return np.dtype(depths.get(options.bit_depth, given))


def check_targets(targets: Iterable[Path], frames: FrameSource) -> None:
    """Make sure, before the work, that pictures of the frames' size can become `targets`.

    Raises
    ------
    OutputError
        If a target is an input or a folder, or its format holds no picture so large.
    """
    inputs = (
        {path.resolve() for path in frames.paths}
        if isinstance(frames, FileFrames | FilmFrames)
        else set()
    )
    for target in targets:
        if target.resolve() in inputs:
            raise OutputError(
                f"{target} is an input, and inputs are never overwritten",
                "Choose another --output.",
            )
        if target.is_dir():
            raise OutputError(
                f"{target} cannot be written: a folder of that name exists",
                "Choose another --output or remove the folder.",
            )
        kind = SUFFIXES.get(target.suffix.lower())
        if kind is not None:
            refuse_too_large(kind, *frames.size)
