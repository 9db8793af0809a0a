"""Plots: their colours and names, and what they show of pairs."""

from __future__ import annotations

import re

import numpy as np

from focusstack.output.report import plots
from tests.support.report_plans import frame, plan


def test_plots_take_their_colours_from_the_page() -> None:
    made = plan(frame("a"), frame("b", "look", 0.5), frame("c", "fail", 3.0))
    stops = np.zeros((3, 3), np.float32)
    drawn = [
        plots.movement_plot(made),
        plots.residual_plot(made),
        plots.pairs_plot(made),
        plots.exposure_plot(stops, stops[:, :1] + 0.1),
    ]
    for svg in drawn:
        assert not re.search(r"#0[1-9a]0a0[1-9a]", svg)
        assert "var(--ink)" in svg
        assert "<svg" in svg[:5]
    ids = [name for svg in drawn for name in re.findall(r' id="([^"]+)"', svg)]
    assert len(ids) == len(set(ids))
    for svg in drawn:
        known = set(re.findall(r' id="([^"]+)"', svg))
        assert set(re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', svg)) <= {
            pair for name in known for pair in ((name, ""), ("", name))
        }


def test_pairs_as_matrices() -> None:
    made = plan(frame("a"), frame("b"), frame("c"))
    tiles, closure = plots.pair_matrices(made)
    assert np.array_equal(tiles, tiles.T, equal_nan=True)
    assert tiles[0, 1] == tiles[1, 2] == 40
    assert np.isnan(tiles[0, 2])
    assert closure[1, 0] == 0.1
