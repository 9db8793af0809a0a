"""Numbers of the EXIF and TIFF tags that are read or written.

Source: TIFF 6.0 (Adobe, 1992), section 8; Exif 2.32 (CIPA DC-008-2019), sections 4.6.4 to 4.6.6.
"""

from __future__ import annotations

WIDTH, HEIGHT, ORIENTATION, SOFTWARE = 0x100, 0x101, 0x112, 0x131
DOCUMENT = 0x10D
EXIF, GPS, INTEROPERABILITY = 0x8769, 0x8825, 0xA005
THUMBNAIL_OFFSET, THUMBNAIL_LENGTH = 0x201, 0x202
EXPOSURE_TIME, F_NUMBER, ISO = 0x829A, 0x829D, 0x8827
PIXEL_WIDTH, PIXEL_HEIGHT, MAKER_NOTE = 0xA002, 0xA003, 0x927C
COMPOSITE, SOURCES = 0xA460, 0xA461
MAKE, MODEL, FOCAL_LENGTH, LENS = 0x10F, 0x110, 0x920A, 0xA434

DESCRIPTIVE = frozenset(
    [
        *(0x10D, 0x10E, 0x10F, 0x110),  # document, description, make, model
        *(0x11A, 0x11B, 0x128),  # resolution
        *(0x132, 0x13B, 0x13C, 0x8298),  # date, artist, computer, copyright
        *(ORIENTATION, SOFTWARE, EXIF, GPS),
    ]
)
"""Tags of a TIFF's first directory that speak of the picture, not of how its pixels are stored."""
