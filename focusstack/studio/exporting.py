"""Copies for others: another format, smaller, in sRGB."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

import cv2
import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from focusstack.images.colour import Transfer, encode, linearise, to_dtype
from focusstack.images.read import read_picture
from focusstack.images.write import write_image
from focusstack.numeric.arrays import Image
from focusstack.output.paths import STACKED, USUAL_NAME
from focusstack.output.staging import free_name
from focusstack.output.which_composite import find_composite
from focusstack.runtime.files import output_errors
from focusstack.studio.display import Display, srgb_profile

FOLDER = "export"
"""Folder beside the composite that copies go to."""


class Copy(BaseModel):
    """What a page asks for."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    picture: Literal["retouched", "fused"] = "retouched"
    format: Literal["jpg", "png", "tif"] = "jpg"
    longest: Annotated[int, Field(ge=0, le=100_000)] = 0
    quality: Annotated[int, Field(ge=1, le=100)] = 92
    srgb: bool = True


def export(folder: Path, copy: Copy) -> Path:
    """Write a copy of a result's picture; return where. Nothing is replaced.

    Parameters
    ----------
    folder : path
        Of the results.
    copy : Copy
        How. Where the retouched picture is wanted and there is none, the composite is taken. What
        is converted to sRGB gets 8 bits.

    Raises
    ------
    InputError
        If there is no picture.
    OutputError
        If the copy cannot be written.
    """
    fused = find_composite(folder)
    retouched = folder / f"retouched{fused.suffix}"
    source = retouched if copy.picture == "retouched" and retouched.is_file() else fused
    picture = read_picture(source)
    pixels, metadata = picture.pixels, picture.metadata
    if copy.longest and copy.longest < max(pixels.shape[:2]):
        pixels = _smaller(pixels, copy.longest, picture.transfer)
    display = Display(metadata.icc)
    if copy.srgb and display.converts:
        pixels = display.shown(pixels)
        metadata = replace(metadata, icc=srgb_profile())
    wanted = folder / FOLDER / f"{_stem(folder, source)}.{copy.format}"
    target = free_name(wanted) if os.path.lexists(wanted) else wanted
    with output_errors(target.parent):
        target.parent.mkdir(exist_ok=True)
    write_image(target, pixels, metadata, copy.quality)
    return target


def _stem(folder: Path, source: Path) -> str:
    name = folder.resolve().name.removesuffix(STACKED)
    return name if source.stem == USUAL_NAME else f"{name} {source.stem}"


def _smaller(pixels: Image, longest: int, transfer: Transfer | None) -> Image:
    """Make a picture smaller in linear light, so that fine bright detail keeps its brightness."""
    height, width = pixels.shape[:2]
    scale = longest / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    light = linearise(pixels, transfer)
    small = np.asarray(cv2.resize(light, size, interpolation=cv2.INTER_AREA), np.float32)
    encoded = encode(small) if transfer is None else transfer.encode(small)
    return to_dtype(encoded, pixels.dtype)
