from __future__ import annotations

import re
import sys
from html.parser import HTMLParser

import numpy as np
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import estimator_html_repr

from scratchml.cluster import KMeans
from scratchml.core.html import HtmlTable, estimator_page, short_repr

X = np.random.default_rng(0).normal(size=(40, 3))


class Outline(HTMLParser):
    """The text of a page; raises an error where a tag is not closed in order."""

    def __init__(self, page):
        super().__init__()
        self.open, self.text, self.tags = [], [], []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in ("br", "input"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open[-1] not in ("style", "script") and data.strip():
            self.text.append(data.strip())


@pytest.fixture
def alone(monkeypatch):
    """As if scikit-learn had not been loaded."""
    monkeypatch.delitem(sys.modules, "sklearn.utils")


def test_table():
    table = HtmlTable("<T>", {"a&b": "<i>", "c": 2}, marked={"c"})
    outline = Outline(table._repr_html_())
    assert outline.text == ["<T>", "a&b", "'<i>'", "c", "2"]
    rows = [attrs["class"] for tag, attrs in outline.tags if tag == "tr"]
    assert rows == ["default", "user-set"]
    assert len(table) == 2


def test_typed_table():
    rows = {"x_": np.zeros((2, 3), np.float32), "n_": 3}
    assert Outline(HtmlTable("T", rows, typed=True)._repr_html_()).text == [
        *("T", "Name", "Type", "Value"),
        *("x_", "ndarray[float32](2, 3)", "array([[0., 0., 0.], [0., 0., 0.]], dtype=float32)"),
        *("n_", "int", "3"),
    ]


def test_page():
    outline = Outline(estimator_page("A<B>", True, [HtmlTable("T", {"a": 1}), HtmlTable("U", {})]))
    assert outline.text == ["A<B>", "fitted", "T", "a", "1"]
    assert [tag for tag, _ in outline.tags].count("style") == 1


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("x" * 300, "'" + "x" * 97 + "..." + "x" * 98 + "'"),
        (list(range(20)), "[0, 1, 2, 3, 4, 5, ...]"),
        (np.arange(100.0), "array([ 0., 1., ..., 98., 99.], shape=(100,))"),
        (np.eye(2), "array([[1., 0.], [0., 1.]])"),
    ],
    ids=["string", "list", "long-array", "array"],
)
def test_short_repr(value, text):
    assert short_repr(value) == text


@pytest.mark.usefixtures("alone")
def test_estimator_without_scikit_learn():
    kmeans = KMeans(3, init="<b>")
    outline = Outline(kmeans._repr_html_())
    assert outline.text[:7] == [
        *("KMeans", "not fitted", "Parameters", "init", "'<b>'", "n_clusters", "3")
    ]
    marked = [attrs.get("class") for tag, attrs in outline.tags if tag == "tr"]
    assert marked == ["user-set"] * 2 + ["default"] * 7
    assert "Fitted attributes" not in outline.text
    fitted = Outline(KMeans(3, random_state=0).fit(X)._repr_html_()).text
    assert fitted[:3] == ["KMeans", "fitted", "Parameters"]
    assert fitted[fitted.index("cluster_centers_") + 1] == "ndarray[float64](3, 3)"


def test_estimator_with_scikit_learn():
    page = KMeans(3)._repr_html_()
    assert "sk-top-container" in page
    assert ">n_clusters</td>" in page
    assert "Not fitted" in page
    fitted = KMeans(3, random_state=0).fit(X)._repr_html_()
    assert "<span>Fitted</span>" in fitted
    assert "ndarray[float64](3, 3)" in fitted


TABLE = '<td class="param">n_clusters</td><td class="value">7</td>'


@pytest.mark.parametrize(
    "est",
    [
        KMeans(7, random_state=0),
        make_pipeline(StandardScaler(), KMeans(7, random_state=0)),
        ColumnTransformer([("k", KMeans(7, random_state=0), [0, 1])]),
        GridSearchCV(KMeans(7, random_state=0), {"tol": [0.1]}, cv=2),
        make_pipeline(ColumnTransformer([("k", KMeans(7, random_state=0), [0])]), StandardScaler()),
    ],
    ids=["alone", "pipeline", "columns", "search", "nested"],
)
@pytest.mark.parametrize("fitted", [False, True], ids=["unfitted", "fitted"])
def test_scikit_learns_diagrams(est, fitted):
    page = estimator_html_repr(est.fit(X) if fitted else est)
    assert TABLE in page
    assert ('<td class="param">inertia_</td>' in page) == fitted
    # No link takes our estimator for scikit-learn's.
    links = re.findall(r'href="([^"]*)"', page)
    assert not [link for link in links if "KMeans" in link or "scratchml" in link]
