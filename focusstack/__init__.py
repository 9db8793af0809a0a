"""Hand-held focus stacks: exposure equalised, aligned, cropped to the common area, fused."""

from focusstack.version import __version__

__all__ = ["__version__"]
