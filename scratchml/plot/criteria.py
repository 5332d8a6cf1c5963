"""All criteria over the number of clusters, side by side."""

from __future__ import annotations

from typing import Any

import numpy as np

from .axes import axes_or_new, divide_axes, draw_titles, require_matplotlib
from .curves import draw_curve, draw_rule, use_logarithmic_axes

_MOST_IN_A_ROW = 3
_NAMES = {"calinski_harabasz": "Calinski-Harabasz", "davies_bouldin": "Davies-Bouldin"}


def draw_criteria(choice: Any, ax: Any = None) -> np.ndarray:
    """Draw every criterion over the number of clusters, and mark the number that it chose.

    Parameters
    ----------
    choice : KChoice
        What `scratchml.model_selection.choose_k` returned.
    ax : matplotlib Axes, optional
        Subplot whose place is divided; a new figure unless given.

    Returns
    -------
    ndarray of matplotlib Axes, dtype object
        One for each criterion, in their order.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    ValueError
        If `ax` is no subplot, or was divided before.
    """
    require_matplotlib("KChoice.plot")
    n_criteria = len(choice.scores)
    n_columns = min(n_criteria, _MOST_IN_A_ROW)
    n_rows = -(-n_criteria // n_columns)
    frame = axes_or_new(ax, criteria_size(n_criteria))
    panels = divide_axes(frame, n_criteria, n_rows, n_columns).ravel()[:n_criteria]
    titles: list[str] = []
    for panel, (name, values) in zip(panels, choice.scores.items(), strict=True):
        k = choice.choices[name].k
        draw_curve(panel, choice.ks, values, k, errors=choice.errors.get(name))
        if name == "inertia":
            use_logarithmic_axes(panel, choice.ks, values)
        elif name == "gap":
            draw_rule(panel, choice.ks, values, k)
        titles.append(f"{_NAMES.get(name, name)}: " + ("none" if k is None else f"k = {k}"))
    draw_titles(list(panels), titles)
    for panel in panels[:-n_columns]:
        panel.set_xlabel("")
    return panels


def criteria_size(n_criteria: int) -> tuple[float, float]:
    """Width and height of a figure of so many criteria, in inches."""
    n_columns = min(n_criteria, _MOST_IN_A_ROW)
    return max(3.4 * n_columns, 5.0), 2.9 * -(-n_criteria // n_columns) + 0.3
