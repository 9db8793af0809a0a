"""The command line: every command and option, help, what is printed where."""

from __future__ import annotations

import io
import re
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import typer
from PIL import Image

from focusstack.cli.terminal import TerminalProgress
from focusstack.plan.file import read_plan
from focusstack.retouch.record import write_retouch
from focusstack.retouch.strokes import Retouch
from focusstack.runtime.version import __version__
from focusstack.second_pass.prepare import Prepared
from focusstack.shoot.workers import Counted
from tests.support.cli_calls import COMMAND, call, done

# Every option ---------------------------------------------------------------------------------

CALLS = [
    "run {photos} --output {out} --format jpg --quality 60 --no-aligned --plan {plan} --debug",
    "run {photos} -o {out} --no-fuse --plan {plan} --overwrite --quiet --verbose --reference auto",
    "run {photos} -o {out} --method weighted --plan {plan} -q -v --no-local --bit-depth 16 --depth",
    "run {photos} -o {out} --plan {plan} --multipage --resume --max-megapixels 9 --source-map",
    "run {photos} -o {out} --plan {plan} --threads 1 --memory 2G --no-report",
    "run {photos} -o {out} --dust {dust} --keep-damaged --moved off --edges fast",
    "align {photos} -o {out} --dust {dust} --keep-damaged",
    "inspect {photos} --dust {dust} --keep-damaged",
    "run {photos} -o {out} --only IMG_* --exclude IMG_8 --plan {plan}",
    "align {photos} -o {out} --only IMG_* --exclude IMG_8 --plan {plan} --no-report",
    "inspect {photos} --only IMG_* --exclude IMG_11",
    "align {photos} -o {out} --plan {plan} --threads 2 --memory 500MiB --no-report",
    "equalize {photos} -o {out} --plan {plan} --threads 2 --memory 1.5GB",
    "inspect {photos} --threads 1 --memory 2g",
    "align {photos} -o {out} --plan {plan} --multipage --resume --max-megapixels 9 --bit-depth 8",
    "align {photos} --output {out} --format png --quality 80 --plan {plan} --overwrite --debug",
    "align {photos} -o {out} --plan {plan} --reference auto --no-local -q -v --quiet --verbose",
    "fuse {aligned} --output {out}.tif --quality 80 --method depth --overwrite --debug -q -v",
    "fuse {aligned} -o {out}.jpg --quiet --verbose --bit-depth 8 --max-megapixels 9",
    "fuse {aligned} -o {out}.png --depth --source-map --moved off --keep-damaged --edges layers",
    "equalize {photos} --output {out} --format tif --quality 80 --plan {plan} --reference auto",
    "equalize {photos} -o {out} --plan {plan} --overwrite --quiet --verbose -q -v --debug",
    "equalize {photos} -o {out} --plan {plan} --bit-depth 16 --max-megapixels 9 --keep-damaged",
    "crop {aligned} --output {out} --format jpg --quality 80 --overwrite --debug",
    "crop {aligned} -o {out} --quiet --verbose -q -v --bit-depth 16 --max-megapixels 9 "
    "--keep-damaged",
    "inspect {photos} --max-megapixels 9 --json --reference IMG_9.png --quiet --verbose --debug",
    "inspect {photos} -q -v --thorough",
    "fuse {aligned} -o {out}.png --only IMG_* --exclude IMG_8 -q",
    "crop {aligned} -o {out} --only IMG_* --exclude IMG_8",
    "equalize {photos} -o {out} --only IMG_* --exclude IMG_8 --plan {plan}",
    "run {photos} -o {out} --plan {plan} --json --fail-on fail --name {{folder}} --log {out}.log",
    "run {photos} -o {out} --dry-run --log {out}.log",
    "align {photos} -o {out} --plan {plan} --json --fail-on fail --log {out}.log",
    "align {photos} -o {out} --dry-run --log {out}.log",
    "inspect {photos} --fail-on fail --log {out}.log",
    "fuse {aligned} -o {out}.png --log {out}.log",
    "equalize {photos} -o {out} --plan {plan} --log {out}.log",
    "crop {aligned} -o {out} --log {out}.log",
    "sample {out} --log {out}.log",
    "split {photos} --split folder --raw --name {{first}} --csv {out} --yes --quiet --verbose",
    "split {photos} -y -q -v --debug --json --names {names} --log {out}.log",
    "batch {photos} --output {out} --split folder --raw --name {{first}} --yes --quiet --verbose "
    "--jobs 1 --on fail=keep --retry-failed --format jpg --quality 60 --no-aligned --no-report "
    "--threads 1 --memory 2G --method pyramid --moved off --depth --source-map --no-local",
    "batch {photos} -o {out} -y -q -v --debug --json --names {names} -j auto --multipage --no-fuse "
    "--bit-depth 8 --overwrite --max-megapixels 9 --keep-damaged --dust {dust} --no-report",
    "batch {photos} -o {out} --stacks {stacks} --no-report --log {out}.log --cluster local -j 1 "
    "--edges fast",
    "watch {photos} --output {out} --split folder --raw --name {{first}} --quiet --verbose --once "
    "--pause 0.5 --format jpg --quality 60 --no-aligned --no-report --threads 1 --memory 2G "
    "--method pyramid --moved off --depth --source-map --no-local --log {out}.log",
    "watch {photos} -o {out} -q -v --debug --names {names} --multipage --no-fuse --bit-depth 8 "
    "--overwrite --max-megapixels 9 --keep-damaged --dust {dust} --no-report --once --pause 0.5 "
    "--edges fast",
    "app --inbox {out} --no-browser --quiet --verbose --debug",
    "app -q -v --log {out}.log",
    "review {painted} --frames {photos} --no-browser --quiet --verbose --debug",
    "review {painted} --log {out}.log",
    "review {painted} -q -v",
    "retouch {painted} --quality 90 --threads 2 --frames {photos} --quiet --verbose --debug",
    "retouch {painted} --skip-lost -q -v --log {out}.log",
    "prepare --quiet --verbose --debug --log {out}.log",
    "prepare -q -v",
    "sample {out} --overwrite --quiet --verbose -q -v --debug",
]


def white_shot(photos: Path, folder: Path) -> Path:
    """A shot of a white surface on which nothing shows, as large as the frames."""
    with Image.open(next(photos.glob("*.png"))) as frame:
        size = frame.size
    Image.new("RGB", size, (200, 200, 200)).save(folder / "white.png")
    return folder / "white.png"


def painted(stacked: Path, folder: Path) -> Path:
    """A result that nothing was painted on yet."""
    copy = Path(shutil.copytree(stacked, folder / "painted"))
    plan = read_plan(copy / "report.json")
    write_retouch(copy / "retouch.json", Retouch(plan.reference, plan.canvas))
    return copy


@pytest.mark.parametrize("line", CALLS)
@pytest.mark.usefixtures("small_sample")
def test_every_option_is_taken(
    line: str, photos: Path, stacked: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for served in ("review_folder", "open_door_to_pictures"):
        monkeypatch.setattr(f"focusstack.studio.reviewing.{served}", lambda *_, **__: None)
    ahead = "focusstack.second_pass.prepare.prepare_everything"
    monkeypatch.setattr(ahead, lambda _: Prepared(tmp_path, anew=True))
    # Stacks of a batch in this process: others take a second to start.
    lanes = "focusstack.shoot.batch.Lanes"
    monkeypatch.setattr(lanes, lambda jobs: Counted(ThreadPoolExecutor(1), jobs))
    places = {"photos": photos, "out": tmp_path / "out", "plan": stacked / "report.json"}
    places["dust"] = white_shot(photos, tmp_path)
    places["names"] = tmp_path / "names.csv"
    places["names"].write_text("file,name\nIMG_8,Beetle 1\n")
    places["stacks"] = tmp_path / "stacks.csv"
    places["stacks"].write_text("stack,file\na,IMG_8.png\na,IMG_9.png\na,IMG_10.png\n")
    places["painted"] = painted(stacked, tmp_path)
    words = line.format(**places, aligned=stacked / "aligned").split()
    done(*words)
    if words[0] != "inspect":
        assert any(tmp_path.iterdir())


def test_no_option_is_left_untried() -> None:
    assert isinstance(COMMAND, typer.core.TyperGroup)
    tried = {(line.split()[0], word) for line in CALLS for word in line.split()}
    for name, command in COMMAND.commands.items():
        for parameter in command.params:
            for option in parameter.opts:
                if option.startswith("-"):
                    assert (name, option) in tried, f"{name} {option}"


# Help -----------------------------------------------------------------------------------------


def test_the_commands_are_those_promised() -> None:
    assert isinstance(COMMAND, typer.core.TyperGroup)
    promised = ["run", "split", "batch", "watch", "align", "fuse", "equalize", "crop"]
    promised += ["inspect", "review", "retouch", "app", "sample", "prepare"]
    assert list(COMMAND.commands) == promised


@pytest.mark.parametrize(
    "option",
    ["--output", "-o", "--format", "--no-aligned", "--no-fuse", "--plan", "--reference",
     "--overwrite", "--quiet", "-q", "--verbose", "-v", "--debug"],
)  # fmt: skip
def test_run_has_the_options_promised(option: str) -> None:
    assert isinstance(COMMAND, typer.core.TyperGroup)
    assert any(option in p.opts for p in COMMAND.commands["run"].params)


def test_help_names_every_command_and_option() -> None:
    assert isinstance(COMMAND, typer.core.TyperGroup)
    top = done("--help").stdout
    assert "Exit codes" in top
    for name, command in COMMAND.commands.items():
        assert name in top
        shown = done(name, "--help").stdout
        assert command.help
        for parameter in command.params:
            for option in parameter.opts:
                if option.startswith("-"):
                    assert option in shown


def test_without_a_command_there_is_help() -> None:
    result = call()
    assert "Usage" in result.stdout + result.stderr
    assert "inspect" in result.stdout + result.stderr


def test_the_version() -> None:
    assert done("--version").stdout == f"focusstack {__version__}\n"


# What is printed where ------------------------------------------------------------------------


def test_results_go_to_stdout_and_nothing_to_stderr(
    photos: Path, plan: Path, tmp_path: Path
) -> None:
    result = done("run", photos, "-o", tmp_path / "out", "--plan", plan)
    assert str(tmp_path / "out") in result.stdout
    verdict, *_ = result.stdout.splitlines()
    judged = read_plan(tmp_path / "out" / "report.json").verdict
    assert judged is not None
    assert verdict == judged.lines()[0]
    lines = result.stdout.splitlines()[-5:]
    assert [line.split()[0] for line in lines] == [
        "written", "frames", "fit", "light", "area"
    ]  # fmt: skip
    assert "fused.png, aligned/ (4 frames), report.html, report.json" in lines[0]
    assert "all 4 used" in lines[1]
    assert not result.stderr


@pytest.mark.parametrize("quiet", ["-q", "--quiet"])
@pytest.mark.usefixtures("small_sample")
def test_quiet_says_the_verdict_alone(
    photos: Path, plan: Path, stacked: Path, tmp_path: Path, quiet: str
) -> None:
    reuse = ("--plan", plan, quiet)
    aligned = stacked / "aligned"
    judged = read_plan(plan).verdict
    assert judged is not None
    for k, arguments in enumerate([("run", photos, *reuse), ("align", photos, *reuse)]):
        result = done(*arguments, "-o", tmp_path / f"judged{k}")
        assert not result.stdout, arguments
        assert result.stderr == f"{tmp_path / f'judged{k}'}: {judged.sentence()}\n"
    for command, folder, more in (("equalize", photos, reuse), ("crop", aligned, (quiet,))):
        assert not done(command, folder, *more, "-o", tmp_path / command).output
    assert re.fullmatch(r"(Good|Take a look): .*\.\n", done("inspect", photos, quiet).stderr)
    assert not done("fuse", aligned, "-o", tmp_path / "a.png", quiet).output
    assert not done("sample", tmp_path / "demo", quiet).output


def test_verbose_tells_the_stages(photos: Path, tmp_path: Path) -> None:
    result = done("align", photos, "-o", tmp_path / "out", "--verbose")
    stages = ["Reading frames", "Finding features", "Aligning", "Writing aligned frames"]
    places = [result.stderr.index(stage) for stage in stages]
    assert places == sorted(places)
    assert not any(stage in result.stdout for stage in stages)


def test_bars_on_a_terminal_only(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    def shown(stream: io.StringIO, quiet: bool) -> str:
        monkeypatch.setattr(sys, "stderr", stream)
        progress = TerminalProgress(quiet)
        progress.start("Reading frames", 2)
        progress.advance()
        progress.advance()
        progress.finish()
        progress.warn("careful")
        return stream.getvalue()

    assert "Reading frames" in shown(Terminal(), quiet=False)
    for text in (shown(Terminal(), quiet=True), shown(io.StringIO(), quiet=False)):
        assert text == "warning: careful\n"
