"""A stack without its marks is made anew only near them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from focusstack.alignment.tiles.measure import Round, codes_in, detail_in
from focusstack.alignment.tiles.poses import Series
from focusstack.first_pass.marks.cleaning import Blemishes, cleaned
from focusstack.first_pass.marks.finding import ROUNDS
from focusstack.first_pass.measure import Measured
from focusstack.frames.proxies.proxy import Proxy
from focusstack.numeric.arrays import Image
from tests.support.findings import Stack

WIDTH, HEIGHT = 400, 300


def with_marks(*places: tuple[int, int]) -> tuple[Measured, Image]:
    rng = np.random.default_rng(0)
    # Proxies are kept as half floats.
    luma = rng.uniform(0.2, 0.6, (HEIGHT, WIDTH)).astype(np.float16).astype(np.float32)
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    for x, y in places:
        mask[max(0, y - 3) : y + 4, max(0, x - 3) : x + 4] = 1
    luma[mask > 0] = 0.05
    clipped = np.zeros((HEIGHT, WIDTH), np.uint8)
    clipped[200:210, 300:310] = 1
    stack = replace(Stack().measured(), load=lambda _: Proxy(luma, clipped))
    return stack, mask


def series(stack: Measured) -> Series:
    size = stack.size
    return Series(
        stack.load, size, 0, (), [1.0], kept=stack.kept, marked=stack.marked, origin=stack.origin
    )


@pytest.mark.parametrize("how", ROUNDS)
def test_detail_near_marks_is_what_it_would_be_if_all_were_made_anew(how: Round) -> None:
    stack, mask = with_marks((70, 60), (0, 299), (399, 150))
    before = codes_in(series(stack), 0, how)[0]
    few = cleaned(stack, Blemishes(mask), "few")
    assert few.origin is not None
    new = codes_in(series(few), 0, how)
    whole = replace(cleaned(stack, Blemishes(mask), "whole"), origin=None)
    wanted = codes_in(series(whole), 0, how)
    assert np.abs(new[0].astype(int) - wanted[0]).max() <= 1
    assert np.array_equal(new[1], wanted[1])
    assert np.abs(new[0].astype(int) - before).max() > 1000


def test_marks_are_gone_and_all_else_stays() -> None:
    stack, mask = with_marks((70, 60), (200, 150))
    found = cleaned(stack, Blemishes(mask), "marks").load(0).luma
    assert found[mask > 0].min() > 0.15
    assert np.array_equal(found[mask == 0], stack.load(0).luma[mask == 0])


def test_what_is_changed_everywhere_is_made_anew() -> None:
    stack, mask = with_marks((70, 60))
    columns = np.linspace(0.9, 1.1, WIDTH, dtype=np.float32)
    assert cleaned(stack, Blemishes(mask, columns), "striped").origin is None
    everywhere = np.zeros_like(mask)
    everywhere[::40, ::40] = 1
    assert cleaned(stack, Blemishes(everywhere), "many").origin is None
    once = cleaned(stack, Blemishes(mask), "once")
    assert cleaned(once, Blemishes(mask), "twice").origin is None


def test_tiles_see_nothing_of_marks() -> None:
    stack, mask = with_marks((70, 60))
    usable = detail_in(series(cleaned(stack, Blemishes(mask), "marks")), 0, ROUNDS[0]).usable
    assert not usable[mask > 0].any()
    assert usable[100:150, 100:250].all()
