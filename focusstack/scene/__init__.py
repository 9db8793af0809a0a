"""Rendered hand-held focus stacks with known truth: the sample set and the tests' material."""

from focusstack.scene.sample import write_sample
from focusstack.scene.stack import SCENES, RenderedStack, render_stack

__all__ = ["SCENES", "RenderedStack", "render_stack", "write_sample"]
