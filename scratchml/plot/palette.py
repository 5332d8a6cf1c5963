"""Colours that clusters can be told apart by, with any kind of colour vision."""

from __future__ import annotations

from functools import cache

import numpy as np

# M. Okabe and K. Ito, "Color Universal Design", 2008. Those that show well on white come first.
OKABE_ITO = (
    "#0072B2",  # blue
    "#D55E00",  # vermilion
    "#009E73",  # bluish green
    "#E69F00",  # orange
    "#CC79A7",  # reddish purple
    "#56B4E9",  # sky blue
    "#F0E442",  # yellow
    "#000000",  # black
)
NOISE = "#8A8A8A"
MUTED = "#B0B0B0"

# As many as the eye can keep apart with the help of numbers; more clusters begin anew.
N_COLORS = 40

# Candidates are the colours of a lattice that are neither near white nor near black, where points
# and tints are hard to see, nor greyish, as noise is.
_LATTICE_STEPS = 10
_LIGHTNESS = (0.35, 0.87)
_LEAST_CHROMA = 0.05

# How linear RGB is seen without one kind of cone: G. M. Machado, M. M. Oliveira and
# L. A. F. Fernandes, "A physiologically-based model for simulation of color vision deficiency",
# IEEE Transactions on Visualization and Computer Graphics 15(6), 2009, severity 1.
VISIONS = {
    "normal": np.eye(3),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "tritanopia": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}

# B. Ottosson, "A perceptual color space for image processing", 2020: linear RGB to the responses
# of the cones, and their cube roots to lightness and two opponent hues (Oklab).
_RGB_TO_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_CONES_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


def cluster_colors(n_clusters: int) -> np.ndarray:
    """Colour of each cluster.

    The first eight are Okabe and Ito's. Each further one is the candidate that is farthest from
    all before it, seen by the kind of colour vision that tells them apart least. A cluster keeps
    its colour when there are more of them.

    Parameters
    ----------
    n_clusters : int
        Number of colours; after `N_COLORS` they begin anew.

    Returns
    -------
    ndarray of shape (n_clusters, 3), float64
        Red, green and blue, from 0 to 1.
    """
    return _all_colors()[np.arange(n_clusters) % N_COLORS]


@cache
def _all_colors() -> np.ndarray:
    chosen = [_from_hex(color) for color in OKABE_ITO]
    levels = np.linspace(0, 1, _LATTICE_STEPS)
    candidates = np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), axis=-1)
    candidates = candidates.reshape(-1, 3)
    lightness, *hue = perceived(candidates, "normal").T
    keep = (lightness > _LIGHTNESS[0]) & (lightness < _LIGHTNESS[1])
    candidates = candidates[keep & (np.hypot(*hue) > _LEAST_CHROMA)]
    distance = np.min([differences(candidates, color) for color in chosen], axis=0)
    while len(chosen) < N_COLORS:
        chosen.append(candidates[np.argmax(distance)])
        distance = np.minimum(distance, differences(candidates, chosen[-1]))
    return np.array(chosen)


def perceived(colors: np.ndarray, vision: str) -> np.ndarray:
    """Lightness and two opponent hues of colours as one of `VISIONS` sees them.

    Parameters
    ----------
    colors : ndarray of shape (..., 3)
        Red, green and blue, from 0 to 1.
    vision : str
        Key of `VISIONS`.

    Returns
    -------
    ndarray of shape (..., 3)
        Oklab coordinates, whose Euclidean distance is about the difference that is seen.
    """
    linear = np.where(colors <= 0.04045, colors / 12.92, ((colors + 0.055) / 1.055) ** 2.4)
    seen = np.clip(linear @ VISIONS[vision].T, 0, 1)
    return np.cbrt(seen @ _RGB_TO_CONES.T) @ _CONES_TO_LAB.T


def differences(colors: np.ndarray, color: np.ndarray) -> np.ndarray:
    """Perceived difference of each of `colors` from `color`, by the vision that sees it least."""
    return np.min(
        [
            np.linalg.norm(perceived(colors, vision) - perceived(color, vision), axis=-1)
            for vision in VISIONS
        ],
        axis=0,
    )


def tint(colors: np.ndarray, strength: float) -> np.ndarray:
    """Mix colours with white, of which ``1 - strength`` is added."""
    return 1 - strength * (1 - colors)


def shade(colors: np.ndarray, strength: float) -> np.ndarray:
    """Mix colours with black, of which ``1 - strength`` is added."""
    return strength * colors


def _from_hex(color: str) -> np.ndarray:
    return np.frombuffer(bytes.fromhex(color[1:]), dtype=np.uint8) / 255
