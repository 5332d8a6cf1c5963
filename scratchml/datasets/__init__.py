"""Small datasets: handwritten digits that ship with the package, and seeded generators."""

from typing import TYPE_CHECKING

from scratchml.core.doors import lazy_names

if TYPE_CHECKING:
    from scratchml.datasets.digits import load_digits
    from scratchml.datasets.generators import make_blobs, make_circles, make_moons

__all__ = ["load_digits", "make_blobs", "make_circles", "make_moons"]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "load_digits": "scratchml.datasets.digits",
        "make_blobs": "scratchml.datasets.generators",
        "make_circles": "scratchml.datasets.generators",
        "make_moons": "scratchml.datasets.generators",
    },
)
