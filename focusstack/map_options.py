"""What a user can say about maps."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class MapOptions:
    """Which maps are written.

    Attributes
    ----------
    depth : bool
        Focus index, and how sure it is.
    source : bool
        Frame that each pixel comes from.
    """

    depth: bool = False
    source: bool = False

    def names(self, prefix: str = "") -> list[str]:
        """Return the file names."""
        depth = [f"{prefix}depth.png", f"{prefix}depth-confidence.png"] if self.depth else []
        return depth + ([f"{prefix}source-map.png"] if self.source else [])
