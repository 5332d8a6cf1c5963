"""What a notebook shows of an estimator: tables, and a page of them for use without scikit-learn.

The tables have the structure and the class names that scikit-learn's style sheet knows, so that
they look at home in the diagram of a pipeline. On our own page they are styled here.
"""

from __future__ import annotations

import html
import reprlib
from collections.abc import Container, Iterable, Mapping
from typing import Any

import numpy as np

# Colours are see-through or in between, text keeps its colour: light and dark pages both work.
_STYLE = """
.scratchml-estimator {
  display: inline-block; min-width: 16em; max-width: 100%; overflow-x: auto;
  border: 1px dotted currentColor; border-radius: 0.25em; font-family: monospace;
}
.scratchml-estimator summary { cursor: pointer; padding: 0.4em 0.6em; }
.scratchml-estimator > details > summary { background: rgba(255, 165, 60, 0.28); }
.scratchml-estimator.fitted > details > summary { background: rgba(80, 150, 240, 0.28); }
.scratchml-estimator .state { float: right; margin-left: 1.5em; opacity: 0.75; }
.scratchml-estimator table { border-collapse: collapse; margin: 0 0.6em 0.6em; }
.scratchml-estimator table :is(td, th) {
  border: 1px solid rgba(128, 128, 128, 0.35); padding: 0.25em 0.6em; text-align: left;
}
.scratchml-estimator tr.user-set td { color: #e8590c; font-weight: bold; }
"""


class HtmlTable:
    """A collapsible table *name, value*, or *name, type, value*.

    Parameters
    ----------
    title : str
        What the closed table shows.
    rows : mapping of str to object
        Values are shortened.
    marked : container of str
        Names of the rows to stand out.
    typed : bool
        Whether to show the types of the values; of arrays also the dtype and the shape.
    """

    def __init__(
        self,
        title: str,
        rows: Mapping[str, Any],
        *,
        marked: Container[str] = (),
        typed: bool = False,
    ) -> None:
        self.title = title
        self.rows = rows
        self.marked = marked
        self.typed = typed

    def __len__(self) -> int:
        return len(self.rows)

    def _repr_html_inner(self) -> str:
        rows = "".join(self._row(name, value) for name, value in self.rows.items())
        if self.typed:
            rows = f"<tr><th>Name</th><th>Type</th><th>Value</th></tr>{rows}"
        return (
            f'<div class="estimator-table"><details><summary>{html.escape(self.title)}</summary>'
            f'<table class="parameters-table"><tbody>{rows}</tbody></table></details></div>'
        )

    _repr_html_ = _repr_html_inner

    def _row(self, name: str, value: Any) -> str:
        kind = "user-set" if name in self.marked else "default"
        cells = [("param", name), ("value", short_repr(value))]
        if self.typed:
            cells.insert(1, ("fitted-att-type", _type_text(value)))
        columns = "".join(f'<td class="{css}">{html.escape(text)}</td>' for css, text in cells)
        return f'<tr class="{kind}">{columns}</tr>'


def estimator_page(name: str, fitted: bool, tables: Iterable[HtmlTable]) -> str:
    """A box with the name and the state of an estimator, which opens to its tables.

    Parameters
    ----------
    name : str
        Class of the estimator.
    fitted : bool
        Whether it is fitted.
    tables : iterable of HtmlTable
        Those without rows are left out.
    """
    body = "".join(table._repr_html_inner() for table in tables if len(table))
    css, state = ("fitted", "fitted") if fitted else ("unfitted", "not fitted")
    return (
        f'<style>{_STYLE}</style><div class="scratchml-estimator {css}"><details open>'
        f'<summary><strong>{html.escape(name)}</strong><span class="state">{state}</span></summary>'
        f"{body}</details></div>"
    )


def _type_text(value: Any) -> str:
    name = type(value).__name__
    return f"{name}[{value.dtype}]{value.shape}" if isinstance(value, np.ndarray) else name


class _ShortRepr(reprlib.Repr):
    def __init__(self) -> None:
        super().__init__()
        self.maxstring = self.maxother = 200

    def repr_ndarray(self, array: np.ndarray, level: int) -> str:
        with np.printoptions(threshold=8, edgeitems=2):
            return " ".join(repr(array).split())


def short_repr(value: Any) -> str:
    """`repr` on one line, with long arrays and containers cut in the middle."""
    return _ShortRepr().repr(value)
