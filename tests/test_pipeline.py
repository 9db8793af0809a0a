"""The whole chain on rendered stacks: truth is recovered, whatever the frames come as."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest

from focusstack.crop import common_area
from focusstack.errors import AlignmentError, InputError, OutputError, UsageError
from focusstack.frames.in_memory import ArrayFrames
from focusstack.frames.open import open_frames
from focusstack.fusion.registry import FUSERS
from focusstack.geometry.coordinates import transform
from focusstack.images.colour import decode, encode, linearise, to_dtype, to_float
from focusstack.images.read import Picture, read_picture
from focusstack.images.write import write_image
from focusstack.numeric.arrays import Float32, Floats, Image, Matrix, Points
from focusstack.options import FusionOptions, OutputOptions, StackOptions
from focusstack.pipeline import StackResult, aligned_frames, plan_stack, stack
from focusstack.plan.file import plan_to_json
from focusstack.plan.model import StackPlan
from focusstack.scene.stack import RenderedStack, render_stack

MATRIX_PX = 0.1
GAIN_SHARE = 0.005


@dataclass
class Listener:
    """A Progress that keeps what it is told."""

    stages: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    steps: int = 0
    open: bool = False

    def start(self, stage: str, total: int) -> None:
        assert not self.open, f"{stage} starts before the stage before it has ended"
        assert total > 0
        self.open = True
        self.stages.append(stage)

    def advance(self, steps: int = 1) -> None:
        self.steps += steps

    def finish(self) -> None:
        self.open = False

    def warn(self, message: str) -> None:
        self.warnings.append(message)

    def note(self, message: str) -> None:
        self.notes.append(message)


def name(index: int) -> str:
    """What arrays are called."""
    return f"frame_{index + 1:04d}"


def forced(rendered: RenderedStack, **more: object) -> StackOptions:
    """Options that keep the rendered stack's reference."""
    return replace(StackOptions(reference=name(rendered.reference)), **more)  # type: ignore[arg-type]


def grid(width: int, height: int) -> Floats:
    x, y = np.meshgrid(np.linspace(0, width - 1, 9), np.linspace(0, height - 1, 9))
    return np.stack([x.ravel(), y.ravel()], 1)


def errors_px(found: Sequence[Matrix | None], truth: Matrix, size: tuple[int, int]) -> list[float]:
    """Root mean square distance over each frame between found and true positions."""
    p = grid(*size)
    errors = []
    for H, T in zip(found, truth, strict=True):
        assert H is not None
        errors.append(float(np.sqrt(np.square(transform(H, p) - transform(T, p)).sum(1).mean())))
    return errors


def psnr(a: Float32, b: Float32) -> float:
    return float(-10 * np.log10(np.square(np.clip(a, 0, 1).astype(float) - b).mean()))


def cropped(image: Image, plan: StackPlan) -> Image:
    c = plan.crop
    return image[c.y : c.y + c.height, c.x : c.x + c.width]


def results(folder: Path) -> list[Path]:
    """What a plan gives again to the byte: report.html tells times and options as well."""
    return [p for p in sorted(folder.rglob("*.*")) if p.name != "report.html"]


def write_frames(folder: Path, frames: Sequence[Image], suffix: str = ".png") -> Path:
    folder.mkdir()
    for k, frame in enumerate(frames):
        write_image(folder / f"{name(k)}{suffix}", frame)
    return folder


# Truth ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=["plane", "steps"])
def solved(
    request: pytest.FixtureRequest, plane_stack: RenderedStack, steps_stack: RenderedStack
) -> tuple[RenderedStack, StackResult]:
    rendered = plane_stack if request.param == "plane" else steps_stack
    return rendered, stack(rendered.frames, options=forced(rendered))


def test_matrices(solved: tuple[RenderedStack, StackResult]) -> None:
    rendered, result = solved
    frames = result.plan.frames
    assert [f.file for f in frames] == [name(k) for k in range(6)]
    assert all(f.used and f.reason is None for f in frames)
    found = errors_px([f.matrix for f in frames], rendered.matrices, (480, 360))
    assert max(found) < MATRIX_PX
    assert frames[rendered.reference].matrix == pytest.approx(np.eye(3), abs=1e-12)


def test_claimed_residuals_are_honest(solved: tuple[RenderedStack, StackResult]) -> None:
    # Held-out tiles disagree by what they get wrong themselves, and hardly more.
    _, result = solved
    whole = result.plan.residual_px
    assert whole is not None
    assert 0.002 < whole.median < 0.05
    assert whole.median <= whole.p95 < 0.15
    for frame in result.plan.frames:
        assert frame.residual_px is not None
        assert frame.residual_px.median < 0.06


def test_gains(solved: tuple[RenderedStack, StackResult]) -> None:
    rendered, result = solved
    gains = np.stack([f.gain for f in result.plan.frames])
    assert gains == pytest.approx(rendered.gains, rel=GAIN_SHARE)
    exposure = [f.exposure_ev for f in result.plan.frames]
    assert exposure == pytest.approx(-np.log2(rendered.gains).mean(1), abs=0.01)


def test_focus_order(solved: tuple[RenderedStack, StackResult]) -> None:
    order = list(solved[1].plan.focus_order)
    assert order in ([name(k) for k in range(6)], [name(k) for k in range(6)][::-1])


def test_the_crop_lies_in_every_frame_and_wastes_nothing(
    solved: tuple[RenderedStack, StackResult],
) -> None:
    rendered, result = solved
    plan = result.plan
    for H in rendered.matrices:
        corners = transform(np.asarray(np.linalg.inv(H), float), plan.crop.corners())
        # The true matrices differ from those found by a fraction of a pixel.
        assert corners.min() >= -0.1
        assert (corners <= np.array([479.1, 359.1])).all()
    assert plan.crop.area >= 0.98 * common_area(rendered.matrices, 480, 360).rect.area
    assert sum(f.area_cost > 0 for f in plan.frames) >= 1


def test_the_composite_is_nearer_to_the_truth_than_any_frame(
    solved: tuple[RenderedStack, StackResult],
) -> None:
    rendered, result = solved
    assert result.fused is not None
    assert result.image is not None
    truth = cropped(rendered.all_in_focus, result.plan)
    single = [psnr(frame.pixels, truth) for frame in aligned_frames(rendered.frames, result.plan)]
    assert len(single) == 6
    assert psnr(result.fused.image, truth) > max(single) + 3
    assert psnr(result.fused.image, truth) > 33
    assert result.image.dtype == np.uint8
    assert np.array_equal(result.image, to_dtype(result.fused.image, np.dtype(np.uint8)))


def test_aligned_frames_show_the_same_where_they_are_sharp(
    solved: tuple[RenderedStack, StackResult],
) -> None:
    # Registered frames differ from the truth by blur, not by light: means agree.
    rendered, result = solved
    truth = decode(cropped(rendered.all_in_focus, result.plan)).mean((0, 1))
    names = []
    for frame in aligned_frames(rendered.frames, result.plan):
        names.append(frame.name)
        assert decode(frame.pixels).mean((0, 1)) == pytest.approx(truth, rel=0.015)
    assert tuple(names) == result.plan.focus_order


def test_the_reference_is_cut_out_to_the_bit(solved: tuple[RenderedStack, StackResult]) -> None:
    rendered, result = solved
    aligned = {f.name: f.pixels for f in aligned_frames(rendered.frames, result.plan)}
    found = to_dtype(aligned[result.plan.reference], np.dtype(np.uint8))
    assert np.array_equal(found, cropped(rendered.frames[rendered.reference], result.plan))


def test_depth_follows_the_scene(solved: tuple[RenderedStack, StackResult]) -> None:
    rendered, result = solved
    assert result.fused is not None
    truth = cropped(rendered.inverse_depth, result.plan)
    found, sure = result.fused.depth, result.fused.confidence
    assert found.shape == sure.shape == result.fused.source.shape == truth.shape
    trusted = sure > np.median(sure)
    assert abs(np.corrcoef(found[trusted], truth[trusted])[0, 1]) > 0.8


# A small stack for everything that must not change the result ---------------------------------


@pytest.fixture(scope="module")
def small() -> RenderedStack:
    return render_stack("steps", width=240, height=180, frames=4, blur=4, seed=5)


@pytest.fixture(scope="module")
def result(small: RenderedStack) -> StackResult:
    """What the frames of `small` give with all defaults."""
    before = [frame.copy() for frame in small.frames]
    found = stack(small.frames)
    assert all(np.array_equal(a, b) for a, b in zip(before, small.frames, strict=True))
    return found


@dataclass
class Filed:
    """What the frames of `small` give as files."""

    inputs: Path
    output: Path
    result: StackResult
    listener: Listener


@pytest.fixture(scope="module")
def filed(small: RenderedStack, tmp_path_factory: pytest.TempPathFactory) -> Filed:
    folder = tmp_path_factory.mktemp("pipeline")
    inputs, listener = write_frames(folder / "in", small.frames), Listener()
    found = stack(inputs, folder / "out", progress=listener)
    return Filed(inputs, folder / "out", found, listener)


def same(a: StackPlan, b: StackPlan) -> bool:
    """Whether two plans are the same to the last bit, apart from the names' suffixes."""
    return plan_to_json(a).replace(".png", "") == plan_to_json(b).replace(".png", "")


@pytest.mark.parametrize(("threads", "memory"), [(1, 1 << 40), (4, 1 << 40), (1, 1), (2, 1)])
def test_threads_and_memory_do_not_change_a_byte(
    small: RenderedStack, result: StackResult, threads: int, memory: int
) -> None:
    found = stack(small.frames, options=StackOptions(threads=threads, memory=memory))
    assert same(found.plan, result.plan)
    assert found.image is not None
    assert result.image is not None
    assert np.array_equal(found.image, result.image)


def test_files_and_arrays_give_the_same_bytes(
    small: RenderedStack, result: StackResult, filed: Filed
) -> None:
    assert same(filed.result.plan, result.plan)
    assert filed.result.image is not None
    assert result.image is not None
    assert np.array_equal(filed.result.image, result.image)
    assert np.array_equal(read_picture(filed.output / "fused.png").pixels, result.image)
    aligned = {f.name: f.pixels for f in aligned_frames(small.frames, result.plan)}
    for k in range(4):
        written = read_picture(filed.output / "aligned" / f"{name(k)}.png").pixels
        assert np.array_equal(written, to_dtype(aligned[name(k)], np.dtype(np.uint8)))


def test_the_report_says_what_the_plan_says(filed: Filed) -> None:
    report = json.loads((filed.output / "report.json").read_text())
    assert report == json.loads(plan_to_json(filed.result.plan))


def test_stages_are_told_in_order(filed: Filed) -> None:
    listener = filed.listener
    assert listener.stages[0] == "Reading frames"
    assert "Fusing" in listener.stages[-1]
    assert not listener.open
    assert listener.steps >= 8
    assert not listener.warnings


def test_a_plan_renders_the_same_bytes_again(filed: Filed, tmp_path: Path) -> None:
    stack(filed.inputs, tmp_path, StackOptions(plan=filed.output / "report.json"))
    for path in results(filed.output):
        other = tmp_path / path.relative_to(filed.output)
        assert other.read_bytes() == path.read_bytes(), path.name


def test_a_plan_serves_frames_developed_again(
    small: RenderedStack, filed: Filed, tmp_path: Path
) -> None:
    deeper = [frame.astype(np.uint16) * np.uint16(257) for frame in small.frames]
    write_frames(tmp_path / "tif", deeper, ".tif")
    plan = filed.output / "report.json"
    found = stack(tmp_path / "tif", tmp_path / "out", StackOptions(plan=plan))
    assert found.plan.reference.endswith(".tif")
    assert found.image is not None
    assert found.image.dtype == np.uint16
    first = read_picture(filed.output / "aligned" / f"{name(0)}.png").pixels
    deep = read_picture(tmp_path / "out" / "aligned" / f"{name(0)}.tif").pixels
    assert np.abs(to_float(first) - to_float(deep)).max() < 0.6 / 255


def test_a_plan_of_other_frames_is_refused(
    small: RenderedStack, result: StackResult, tmp_path: Path
) -> None:
    path = tmp_path / "report.json"
    path.write_text(plan_to_json(result.plan))
    with pytest.raises(UsageError, match="does not know"):
        plan_stack([*small.frames, small.frames[0][::-1].copy()], StackOptions(plan=path))
    with pytest.raises(UsageError, match="pixels"):
        plan_stack([f[:-2].copy() for f in small.frames], StackOptions(plan=path))


@pytest.mark.parametrize("shuffle", [(2, 0, 3, 1)])
def test_the_order_of_the_input_does_not_matter(
    small: RenderedStack, result: StackResult, shuffle: tuple[int, ...]
) -> None:
    frames = ArrayFrames([small.frames[k] for k in shuffle], [name(k) for k in shuffle])
    found = plan_stack(frames)
    assert found.reference == result.plan.reference
    assert found.crop == result.plan.crop
    assert found.focus_order == result.plan.focus_order
    assert [f.file for f in found.frames] == [name(k) for k in shuffle]
    by_name = {f.file: f for f in found.frames}
    for frame in result.plan.frames:
        other = by_name[frame.file]
        assert frame.matrix is not None
        assert other.matrix is not None
        assert np.array_equal(other.matrix, frame.matrix)
        assert np.array_equal(other.gain, frame.gain)


@pytest.mark.parametrize("reference", [0, 3])
def test_any_frame_can_be_the_reference(small: RenderedStack, reference: int) -> None:
    plan = plan_stack(small.frames, StackOptions(reference=name(reference)))
    assert plan.reference == name(reference)
    assert plan.frames[reference].matrix == pytest.approx(np.eye(3), abs=1e-12)
    assert np.array_equal(plan.frames[reference].gain, np.ones(3))
    back = np.linalg.inv(small.matrices[reference])
    truth = np.stack([back @ H / (back @ H)[2, 2] for H in small.matrices])
    assert max(errors_px([f.matrix for f in plan.frames], truth, (240, 180))) < MATRIX_PX
    gains = np.stack([f.gain for f in plan.frames])
    # A stack this small has few areas to compare.
    assert gains == pytest.approx(small.gains / small.gains[reference], rel=0.012)


def test_an_unknown_reference_is_refused(small: RenderedStack) -> None:
    with pytest.raises(UsageError, match=r"no frame IMG_7") as caught:
        plan_stack(small.frames, StackOptions(reference="IMG_7"))
    assert name(0) in caught.value.remedy


def test_an_unknown_method_is_refused(small: RenderedStack) -> None:
    with pytest.raises(UsageError, match="no fusion method 'magic'"):
        stack(small.frames, options=StackOptions(fusion=FusionOptions(method="magic")))


@pytest.mark.parametrize(
    "options",
    [StackOptions(reference="IMG_7"), StackOptions(fusion=FusionOptions(method="magic"))],
)
def test_wrong_options_are_refused_before_anything_is_read(
    small: RenderedStack, options: StackOptions
) -> None:
    class Counted(ArrayFrames):
        reads = 0

        def read(self, i: int) -> Picture:
            self.reads += 1
            return super().read(i)

    frames = Counted(small.frames)
    with pytest.raises(UsageError):
        stack(frames, options=options)
    assert frames.reads == 0


def test_a_plan_of_other_frames_is_not_carried_out(small: RenderedStack) -> None:
    plan = plan_stack(small.frames)
    with pytest.raises(UsageError, match="pixels"):
        list(aligned_frames([frame[:-8] for frame in small.frames], plan))
    with pytest.raises(UsageError, match="missing"):
        list(aligned_frames(small.frames[:-1], plan))


def test_a_plan_and_another_reference_contradict_each_other(filed: Filed) -> None:
    others = [f.file for f in filed.result.plan.frames if f.file != filed.result.plan.reference]
    plan = filed.output / "report.json"
    with pytest.raises(UsageError):
        plan_stack(filed.inputs, StackOptions(plan=plan, reference=others[0]))


def test_a_plan_of_colour_frames_does_not_serve_grey_ones(
    small: RenderedStack, result: StackResult, tmp_path: Path
) -> None:
    path = tmp_path / "report.json"
    path.write_text(plan_to_json(result.plan))
    with pytest.raises(UsageError):
        stack([frame[..., 1].copy() for frame in small.frames], options=StackOptions(plan=path))


def test_strips_are_aligned_or_refused(small: RenderedStack) -> None:
    with pytest.raises((InputError, AlignmentError)):
        plan_stack([frame[:12].copy() for frame in small.frames])


# Parallax -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def swaying() -> RenderedStack:
    """Frames of a camera that also moves sideways: near shifts against far by six pixels."""
    return render_stack("steps", width=480, height=360, frames=4, parallax=6, seed=3)


def test_local_displacement_follows_parallax(swaying: RenderedStack, tmp_path: Path) -> None:
    found = stack(swaying.frames, tmp_path / "one", forced(swaying))
    stiff = stack(swaying.frames, options=forced(swaying, local=False))
    assert all(f.field is None for f in stiff.plan.frames)
    fields = [f.field for f in found.plan.frames]
    assert [field is None for field in fields] == [k == swaying.reference for k in range(4)]
    quality = []
    for one in (found, stiff):
        assert one.fused is not None
        quality.append(psnr(one.fused.image, cropped(swaying.all_in_focus, one.plan)))
    assert quality[0] > quality[1] + 2
    # Displacement is part of the plan, and rendered from it alike.
    again = StackOptions(plan=tmp_path / "one" / "report.json")
    stack(swaying.frames, tmp_path / "two", again)
    for path in results(tmp_path / "one"):
        other = tmp_path / "two" / path.relative_to(tmp_path / "one")
        assert other.read_bytes() == path.read_bytes(), path.name


def test_threads_do_not_change_a_displacement(swaying: RenderedStack) -> None:
    one, four = (plan_stack(swaying.frames, forced(swaying, threads=n)) for n in (1, 4))
    assert plan_to_json(one) == plan_to_json(four)


def test_nothing_is_bent_that_a_matrix_explains(solved: tuple[RenderedStack, StackResult]) -> None:
    assert all(f.field is None for f in solved[1].plan.frames)


# Pixels of all kinds --------------------------------------------------------------------------


def test_sixteen_bits_in_sixteen_bits_out(tmp_path: Path) -> None:
    rendered = render_stack("steps", width=240, height=180, frames=4, blur=4, seed=5, bits=16)
    folder = write_frames(tmp_path / "in", rendered.frames)
    found = stack(folder, tmp_path / "out", StackOptions(reference=f"{name(2)}.png"))
    assert found.image is not None
    assert found.image.dtype == np.uint16
    for path in (tmp_path / "out" / "fused.png", tmp_path / "out" / "aligned" / f"{name(1)}.png"):
        pixels = read_picture(path).pixels
        assert pixels.dtype == np.uint16
        # More than 8 bits have been used.
        assert len(np.unique(pixels)) > 2000
    truth = cropped(rendered.all_in_focus, found.plan)
    assert psnr(to_float(found.image), truth) > 33


def test_float_frames(small: RenderedStack, result: StackResult) -> None:
    found = stack([to_float(frame) for frame in small.frames])
    assert found.image is not None
    assert found.image.dtype == np.float32
    assert result.image is not None
    assert found.plan.crop == result.plan.crop
    assert np.abs(found.image - to_float(result.image)).max() < 0.6 / 255


def test_grey_frames(small: RenderedStack, tmp_path: Path) -> None:
    grey = [frame[..., 1].copy() for frame in small.frames]
    folder = write_frames(tmp_path / "in", grey, ".tif")
    found = stack(folder, tmp_path / "out", StackOptions(reference=f"{name(2)}.tif"))
    assert found.image is not None
    assert found.image.ndim == 2
    assert found.plan.frames[0].gain.shape == (1,)
    gains = np.concatenate([f.gain for f in found.plan.frames])
    assert gains == pytest.approx(small.gains[:, 1], rel=0.012)
    truth = cropped(small.all_in_focus[..., 1], found.plan)
    assert psnr(to_float(found.image), truth) > 31
    assert read_picture(tmp_path / "out" / "fused.tif").pixels.ndim == 2


@pytest.mark.parametrize("method", FUSERS)
def test_every_method_in_the_chain(
    small: RenderedStack, result: StackResult, tmp_path: Path, method: str
) -> None:
    path = tmp_path / "report.json"
    path.write_text(plan_to_json(result.plan))
    options = StackOptions(plan=path, fusion=FusionOptions(method=method))
    found = stack(small.frames, options=options)
    assert found.image is not None
    assert found.image.shape == (result.plan.crop.height, result.plan.crop.width, 3)


# Exposure that clips --------------------------------------------------------------------------


def test_highlights_that_a_darker_frame_holds_survive(plane_stack: RenderedStack) -> None:
    # A lamp lights the plane's corner; every other frame is a stop brighter and blown out there.
    x, y = np.meshgrid(np.arange(480.0), np.arange(360.0))
    here = np.stack([x.ravel(), y.ravel()], 1)
    factor = np.array([1.6, 0.7, 1.6, 0.7, 1.6, 0.7])
    frames = []
    for frame, H, gain, f in zip(
        plane_stack.frames, plane_stack.matrices, plane_stack.gains, factor, strict=True
    ):
        distance = np.linalg.norm(transform(H, here) - [110, 100], axis=1).reshape(360, 480, 1)
        lamp = (1 + 2 * np.exp(-np.square(distance / 40))).astype(np.float32)
        exposed = linearise(frame) * (f * gain).astype(np.float32) * lamp
        frames.append(to_dtype(encode(np.minimum(exposed, 1)), np.dtype(np.uint16)))
    blown = (frames[2] == 65535).any(axis=2)
    assert 0.002 < blown.mean() < 0.1
    found = stack(frames, options=StackOptions(reference=name(3)))
    gains = np.stack([f.gain for f in found.plan.frames])
    assert gains == pytest.approx((0.7 / factor)[:, None].repeat(3, 1), rel=GAIN_SHARE)
    assert [f.clipped > 0.002 for f in found.plan.frames] == [True, False] * 3
    # Where the bright frames are blown out, the composite shows what the dark ones hold.
    assert found.fused is not None
    lamp = (1 + 2 * np.exp(-np.square(np.hypot(x - 110, y - 100) / 40)))[..., None]
    truth = decode(plane_stack.all_in_focus) * (0.7 * lamp).astype(np.float32)
    truth = cropped(truth, found.plan)
    lost = (truth.max(axis=2) > 0.5) & (truth.max(axis=2) < 0.9)
    assert lost.sum() > 200
    share = (decode(found.fused.image)[lost] / truth[lost]).mean(axis=0)
    assert share == pytest.approx(np.ones(3), abs=0.03)


# Frames that do not belong --------------------------------------------------------------------


def noise(shape: tuple[int, ...]) -> Image:
    return np.random.default_rng(9).integers(0, 256, shape, np.uint8)


def foreign(shape: tuple[int, ...]) -> Image:
    return render_stack("plane", width=shape[1], height=shape[0], frames=2, seed=8).frames[0]


def even(shape: tuple[int, ...]) -> Image:
    return np.full(shape, 90, np.uint8)


@pytest.mark.parametrize(
    "stranger",
    [
        foreign,
        even,
        noise,
    ],
)
@pytest.mark.parametrize("place", [1])
def test_a_stranger_is_left_out_with_a_reason(
    small: RenderedStack, stranger: Callable[[tuple[int, ...]], Image], place: int
) -> None:
    frames = list(small.frames)
    frames.insert(place, stranger(frames[0].shape))
    listener = Listener()
    plan = plan_stack(frames, progress=listener)
    lost = plan.frames[place]
    assert [f.used for f in plan.frames] == [k != place for k in range(5)]
    assert lost.matrix is None
    assert lost.reason
    assert lost.file not in plan.focus_order
    assert any(lost.file in w for w in plan.warnings)
    assert listener.warnings == list(plan.warnings)
    assert len(list(aligned_frames(frames, plan))) == 4


def test_two_stacks_mixed_are_refused(small: RenderedStack) -> None:
    other = render_stack("plane", width=240, height=180, frames=4, seed=8)
    with pytest.raises(AlignmentError, match="falls apart") as caught:
        plan_stack([*small.frames, *other.frames])
    message = caught.value.message
    assert any(name(k) in message for k in range(4))
    assert any(name(k) in message for k in range(4, 8))


def test_two_frames_are_a_stack(small: RenderedStack) -> None:
    found = stack(small.frames[1:3])
    assert len(found.plan.used()) == 2
    assert found.image is not None


@pytest.mark.parametrize("count", [0, 1])
def test_less_than_two_frames_are_none(small: RenderedStack, count: int) -> None:
    with pytest.raises(InputError):
        stack(small.frames[:count])


# Sources, outputs and progress ----------------------------------------------------------------


def test_inputs_of_every_kind(small: RenderedStack, tmp_path: Path) -> None:
    folder = write_frames(tmp_path / "in", small.frames)
    expected = [f"{name(k)}.png" for k in range(4)]
    files = sorted(folder.iterdir())
    for inputs in (folder, str(folder), [folder], files[::-1], [str(folder / "*.png")]):
        assert list(open_frames(inputs).names) == expected
    source = ArrayFrames(small.frames)
    assert list(open_frames(source).names) == list(source.names)


def test_what_is_no_picture_is_named(small: RenderedStack, tmp_path: Path) -> None:
    folder = write_frames(tmp_path / "in", small.frames)
    (folder / "notes.txt").write_text("a")
    listener = Listener()
    open_frames(folder, listener)
    assert listener.notes == ["not used: notes.txt"]


def test_only_what_is_asked_for_is_written(
    small: RenderedStack, result: StackResult, tmp_path: Path
) -> None:
    path = tmp_path / "report.json"
    path.write_text(plan_to_json(result.plan))
    options = StackOptions(plan=path)
    composite = stack(small.frames, OutputOptions(tmp_path / "a", aligned=False), options)
    assert composite.image is not None
    frames = stack(small.frames, OutputOptions(tmp_path / "b", fused=False), options)
    assert frames.image is None
    assert frames.fused is None
    written = [sorted(p.name for p in (tmp_path / d).iterdir()) for d in "ab"]
    assert written[0] == ["fused.png", "report.html", "report.json"]
    assert written[1] == ["aligned", "report.html", "report.json"]


def test_nothing_is_overwritten_unasked(small: RenderedStack, tmp_path: Path) -> None:
    (tmp_path / "precious.txt").write_text("a")
    with pytest.raises(OutputError, match="not empty"):
        stack(small.frames, tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["precious.txt"]


# Against the development data -----------------------------------------------------------------


def test_the_yardstick(shared: Path) -> None:
    folder = shared / "truth" / "tilt"
    truth = json.loads((folder / "truth.json").read_text())
    plan = plan_stack(folder / "frames")
    found = {f.file: f for f in plan.frames}
    frames = [found[n] for n in truth["frames"]]
    assert all(f.used for f in frames)
    world = [np.array(H) for H in truth["frame_to_world"]]
    p = grid(*truth["size"])
    here = np.concatenate([transform(f.matrix, p) for f in frames if f.matrix is not None])
    there = np.concatenate([transform(H, p) for H in world])
    # Which canvas the matrices lead to is free: the homography between canvas and world that
    # fits all frames best.
    canvas = fitted_homography(here, there)
    off = np.linalg.norm(transform(canvas, here) - there, axis=1)
    assert np.median(off) <= 0.05
    assert np.percentile(off, 95) <= 0.15
    ev = np.log2(np.stack([f.gain for f in frames]) * np.array(truth["gains_rgb"]))
    assert np.percentile(np.abs(ev - np.median(ev, axis=0)), 95) <= 0.01


def fitted_homography(here: Floats, there: Floats) -> Matrix:
    """Homography from `here` to `there` by linear least squares, centred and scaled."""

    def levelled(p: Points) -> Matrix:
        s = np.sqrt(2) / np.linalg.norm(p - p.mean(0), axis=1).mean()
        x, y = -s * p.mean(0)
        return np.array([[s, 0, x], [0, s, y], [0, 0, 1]])

    A, B = levelled(here), levelled(there)
    (x, y), (u, v) = transform(A, here).T, transform(B, there).T
    one, no = np.ones_like(x), np.zeros_like(x)
    rows = np.concatenate(
        [
            np.stack([x, y, one, no, no, no, -u * x, -u * y, -u], 1),
            np.stack([no, no, no, x, y, one, -v * x, -v * y, -v], 1),
        ]
    )
    H = np.linalg.inv(B) @ np.linalg.svd(rows, full_matrices=False)[2][-1].reshape(3, 3) @ A
    return np.asarray(H / H[2, 2], float)
