"""The demonstration: an invented cluster of a hospital and four municipalities, with a year behind it."""

from ops.demo.loading import load, load_if_empty, reset
from ops.demo.story import walk

__all__ = ["load", "load_if_empty", "reset", "walk"]
