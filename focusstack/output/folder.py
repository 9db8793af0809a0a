"""The output folder: aligned frames as they come, then composite and reports."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from focusstack.errors import OutputError, UsageError
from focusstack.frames.sources import FrameSource
from focusstack.fusion.base import Fused
from focusstack.images.catalogue import with_catalogue
from focusstack.images.write import write_image
from focusstack.numeric.arrays import Image
from focusstack.options import OutputOptions, StackOptions
from focusstack.output.aligned import AlignedWriter
from focusstack.output.finished import NOTE, finished_plan, run_key
from focusstack.output.maps import write_maps
from focusstack.output.naming import expanded_name
from focusstack.output.nowhere import Nowhere
from focusstack.output.paths import ALIGNED, OutputPaths, check_targets, output_dtype
from focusstack.output.report.provenance import Provenance, provenance
from focusstack.output.report.writer import ReportWriter
from focusstack.output.resume import Unfinished, signature
from focusstack.output.staging import StagedFolder
from focusstack.plan.file import plan_to_json
from focusstack.plan.model import StackPlan
from focusstack.runtime.files import write_atomically
from focusstack.runtime.progress import StageClock
from focusstack.second_pass.frame import AlignedFrame


class OutputFolder:
    """Writes what a run gives; every file appears complete, once all of them are.

    Use `open_folder` to make one.

    Attributes
    ----------
    options : OutputOptions
        What is wanted.
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
        unfinished: Unfinished,
    ) -> None:
        self.options = options
        self.dtype = output_dtype(options, frames.dtype)
        self.plan = unfinished.plan
        self._frames = frames
        self._staging = staging
        self._unfinished = unfinished
        self._paths = OutputPaths(options, self.dtype)
        self._aligned = AlignedWriter(self._paths, staging, unfinished)
        self._page: ReportWriter | None = None
        self._beside = ThreadPoolExecutor(1, thread_name_prefix="report")
        self._saved: Future[None] | None = None

    @property
    def takes_frames(self) -> bool:
        """Whether aligned frames are written."""
        return self.options.aligned

    @property
    def wants_composite(self) -> bool:
        """Whether a composite is written."""
        return self.options.fused

    @property
    def scratch(self) -> Path:
        """A folder that vanishes with the run."""
        return self._staging.place

    def begin(self, plan: StackPlan, ahead: bool) -> None:
        """Take the plan: once it is saved, the run can be gone on from.

        What the report shows of it is drawn `ahead`, if that is wanted.
        """
        if self._unfinished.keeps and self.plan is None:
            self._saved = self._beside.submit(self._unfinished.keep, plan)
        if self.options.report:
            self._page = ReportWriter(plan, self._frames, self._beside)
            if ahead:
                self._page.draw_ahead()
        self._aligned.begin(plan, self._frames.channels)

    def lacks(self, name: str) -> bool:
        """Whether the aligned frame of this name is still to be written."""
        return self._aligned.lacks(name)

    def add(self, frame: AlignedFrame) -> None:
        """Take an aligned frame; it is shown in the report, and written if that is wanted."""
        if self._saved is not None:
            self._saved.result()
        if self._page is not None:
            self._page.add(frame)
        self._aligned.add(frame)

    def write_maps(self, fused: Fused, frames: int) -> list[str]:
        """Write the maps that are wanted and return their names."""
        if self._page is not None:
            self._page.add_fused(fused)
        paths = [self._staging.staged(path) for path in self._paths.maps()]
        write_maps(fused, frames, self.options.maps, paths)
        return self._paths.map_names()

    def finish(
        self, plan: StackPlan, image: Image | None, options: StackOptions, clock: StageClock
    ) -> list[str]:
        """Write the composite, if there is one, and the reports, which tell how they were made.

        Returns
        -------
        list of str
            What the folder now holds, in words.
        """
        self._aligned.finish()
        fused, beside = None, [self._saved] if self._saved else []
        if image is not None and self.options.fused:
            fused = self._paths.fused(plan.reference)
            beside.append(self._beside.submit(self._write_fused, plan, image, fused))
        beside.append(self._beside.submit(self._write_plan, plan))
        if self._page is not None:
            if fused is not None and image is not None:
                self._page.add_composite(image, plan)
            made = provenance(self._frames, options, self.options, clock, self._unfinished.key)
            self._write_page(self._page, plan, made, fused)
        self._write_key()
        for written in beside:
            written.result()
        return self._paths.in_words(fused, len(plan.used()))

    def _write_fused(self, plan: StackPlan, image: Image, path: Path) -> None:
        count = (len(plan.frames), len(plan.used()))
        metadata = self._frames.metadata_of(self._frames.names.index(plan.reference))
        if self.options.catalogue:
            metadata = with_catalogue(metadata, self.options.catalogue)
        write_image(self._staging.staged(path), image, metadata, self.options.quality, frames=count)

    def _write_plan(self, plan: StackPlan) -> None:
        write_atomically(self._staging.staged(self._paths.plan), plan_to_json(plan).encode())

    def _write_page(
        self, page: ReportWriter, plan: StackPlan, made: Provenance, fused: Path | None
    ) -> None:
        names = [f.file for f in plan.used()]
        page.add_others(plan, {name: self._written(name) for name in names})
        data = page.page(plan, made, fused.name if fused else None, self._paths.links(names))
        write_atomically(self._staging.staged(self._paths.page), data)

    def _write_key(self) -> None:
        """Write down what was made, if there is no page to hold it."""
        if self._unfinished.keeps and not self.options.report:
            path = self._staging.staged(self._paths.folder / NOTE)
            write_atomically(path, f"{self._unfinished.key}\n".encode())

    def _written(self, name: str) -> Path:
        """Where an aligned frame lies now: still staged, or moved to its place already."""
        target = self._paths.aligned(name)
        staged = self._staging.looked_up(target)
        return staged if staged.is_file() else target

    def abandon(self) -> None:
        """Let go of files that are still open, and of what is being done."""
        self._beside.shutdown(cancel_futures=True)
        self._aligned.abandon()

    def check(self) -> None:
        """Make sure that everything can be written.

        Raises
        ------
        OutputError
            As `check_targets`, and if the folder of the aligned frames is a link to another.
        """
        place = self._paths.folder / ALIGNED
        if self.options.aligned and not self.options.multipage and place.is_symlink():
            raise OutputError(
                f"{place} is a link, and nothing is written through links",
                "Remove it, or choose another --output.",
            )
        check_targets(self._paths.targets(self._frames.names), self._frames)


def asked_output(
    output: OutputOptions | str | Path, frames: FrameSource, options: StackOptions
) -> OutputOptions:
    """Return what is to be written of these frames: names are filled in."""
    asked = output if isinstance(output, OutputOptions) else OutputOptions(Path(output))
    return replace(asked, name=expanded_name(asked.name, frames, options.fusion.method_name))


def done_before(
    output: OutputOptions | str | Path | None, frames: FrameSource, options: StackOptions
) -> tuple[StackPlan, list[str]] | None:
    """Return the plan of a run to be resumed that is done, and what it wrote; None if it is not."""
    if not isinstance(output, OutputOptions) or not output.resume or not frames.paths:
        return None
    asked = asked_output(output, frames, options)
    paths = OutputPaths(asked, output_dtype(asked, frames.dtype))
    plan = finished_plan(paths, run_key(signature(frames, asked, options)))
    if plan is None:
        return None
    fused = paths.fused(plan.reference) if asked.fused else None
    return plan, paths.in_words(fused, len(plan.used()))


@contextmanager
def open_folder(
    output: OutputOptions | str | Path | None, frames: FrameSource, options: StackOptions
) -> Iterator[OutputFolder | Nowhere]:
    """Open the output folder of a run; `Nowhere` if nothing is to be written.

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
        yield Nowhere(frames.dtype)
        return
    asked = asked_output(output, frames, options)
    if asked.resume and not frames.paths:
        raise UsageError("only a run on files can be resumed", "Give files.")
    made_from = signature(frames, asked, options) if frames.paths else {}
    with StagedFolder(asked.folder, asked.overwrite, asked.resume) as staging:
        folder = OutputFolder(asked, frames, staging, Unfinished(staging, made_from))
        folder.check()
        try:
            yield folder
        finally:
            folder.abandon()
