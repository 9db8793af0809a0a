"""Runs ``inspect`` on the paths that come in, one a line, and answers with what happened."""

from __future__ import annotations

import json
import logging
import sys
import time
import traceback
from pathlib import Path

from typer.testing import CliRunner

from focusstack.cli import app


def peak_megabytes() -> float:
    """Most memory this process has held since the last call."""
    status = Path("/proc/self/status").read_text()
    peak = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    Path("/proc/self/clear_refs").write_text("5")
    return int(peak.split()[1]) / 1024


def inspected(paths: list[str]) -> dict[str, object]:
    start = time.perf_counter()
    result = CliRunner().invoke(app, ["inspect", *paths])
    seconds = time.perf_counter() - start
    unexpected = "something unexpected" in result.stderr or "Traceback" in result.output
    odd = result.exception is not None and not isinstance(result.exception, SystemExit)
    said = result.stderr
    if odd and result.exc_info:
        said += "".join(traceback.format_exception(*result.exc_info))
    code = result.exit_code
    bad = unexpected or odd or code not in (0, 2, 3, 4)
    return {"code": code, "seconds": seconds, "said": said[-2000:], "bad": bad}


def main() -> None:
    logging.disable(logging.CRITICAL)
    peak_megabytes()
    for line in sys.stdin:
        answer = inspected(json.loads(line))
        print(json.dumps(answer | {"megabytes": peak_megabytes()}), flush=True)


if __name__ == "__main__":
    main()
