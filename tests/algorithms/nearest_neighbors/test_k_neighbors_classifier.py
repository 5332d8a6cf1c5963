"""`KNeighborsClassifier` against the reference and scikit-learn."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
import sklearn.neighbors

import scratchml.exceptions
import scratchml.neighbors
from scratchml.algorithms.nearest_neighbors.reference import k_nearest, vote
from scratchml.datasets import load_digits
from scratchml.neighbors import KDTree, KNeighborsClassifier

RNG = np.random.default_rng(0)
X, QUERIES = RNG.normal(size=(120, 3)), RNG.normal(size=(50, 3))
LATTICE = RNG.integers(0, 3, size=(120, 3)).astype(float)
CODES = RNG.integers(0, 4, 120)
TARGETS = {
    "codes": CODES,
    "texts": np.array(["d", "a", "b", "c"])[CODES],
    "bools": CODES > 1,
    "floats": CODES - 2.0,
    "several": np.stack([CODES, RNG.integers(5, 7, 120)], axis=1),
    "labels": RNG.integers(0, 2, (120, 3)),
}


def pair(points, y, **parameters):
    return [
        module.KNeighborsClassifier(**parameters).fit(points, y)
        for module in (scratchml.neighbors, sklearn.neighbors)
    ]


def test_a_toy():
    # Neighbours of 1.4 are 1, 2 and 0, at 0.4, 0.6 and 1.4.
    points, y = [[0.0], [1.0], [2.0], [9.0]], ["low", "low", "high", "high"]
    three = KNeighborsClassifier(3).fit(points, y)
    np.testing.assert_allclose(three.predict_proba([[1.4]]), [[1 / 3, 2 / 3]])
    assert three.predict([[1.4]]).tolist() == ["low"]
    # Of two votes each the class that comes first, "high".
    assert KNeighborsClassifier(4).fit(points, y).predict([[1.4]]).tolist() == ["high"]
    assert KNeighborsClassifier(4, weights="distance").fit(points, y).predict([[1.4]]) == "low"


@pytest.mark.parametrize("weights", ["uniform", "distance"])
def test_votes_of_the_reference(weights):
    distances, indices = k_nearest(LATTICE, LATTICE, 7)
    expected = vote(distances, CODES[indices], 4, weights)
    classifier = KNeighborsClassifier(7, weights=weights).fit(LATTICE, CODES)
    np.testing.assert_allclose(classifier.predict_proba(LATTICE), expected, rtol=1e-14)


@pytest.mark.filterwarnings("ignore:The number of unique classes:UserWarning")
@pytest.mark.parametrize(
    ("name", "weights"),
    [*product(TARGETS, ["uniform", "distance"]), ("texts", None), ("codes", np.exp)],
)
def test_predictions_are_scikit_learns(name, weights):
    ours, theirs = pair(X, TARGETS[name], weights=weights)
    np.testing.assert_equal(ours.classes_, theirs.classes_)
    assert ours.outputs_2d_ == theirs.outputs_2d_
    for queries in (QUERIES, X, None):
        predicted, expected = ours.predict(queries), theirs.predict(queries)
        np.testing.assert_array_equal(predicted, expected)
        assert predicted.dtype == expected.dtype
        shares = ours.predict_proba(queries)
        for share, other in zip(shares, theirs.predict_proba(queries), strict=True):
            np.testing.assert_allclose(share, other)
        assert type(shares) is type(theirs.predict_proba(queries))
    if name != "several":  # which scikit-learn does not score
        weight = RNG.uniform(size=120)
        for arguments in ((X, TARGETS[name]), (None, TARGETS[name]), (X, TARGETS[name], weight)):
            assert ours.score(*arguments) == pytest.approx(theirs.score(*arguments))


def test_several_outputs_have_to_be_right_all():
    classifier = KNeighborsClassifier(1).fit(X, TARGETS["several"])
    assert classifier.score(X, TARGETS["several"]) == 1
    wrong = TARGETS["several"].copy()
    wrong[:60, 1] += 1
    assert classifier.score(X, wrong) == 0.5


def test_neighbors_and_graph():
    ours, theirs = pair(X, CODES)
    np.testing.assert_array_equal(ours.kneighbors(QUERIES)[1], theirs.kneighbors(QUERIES)[1])
    graphs = [e.kneighbors_graph(QUERIES, mode="distance").toarray() for e in (ours, theirs)]
    np.testing.assert_allclose(*graphs)
    assert not hasattr(ours, "radius_neighbors")


def test_a_tree_as_points():
    expected = KNeighborsClassifier().fit(X, CODES).predict(QUERIES)
    np.testing.assert_array_equal(
        KNeighborsClassifier().fit(KDTree(X), CODES).predict(QUERIES), expected
    )


@pytest.mark.jit
def test_digits():
    data, y = load_digits(return_X_y=True)
    ours, theirs = pair(data[:1000], y[:1000], n_neighbors=3)
    distances, _ = theirs.kneighbors(data[1000:], 4)
    clear = distances[:, 2] < distances[:, 3]  # elsewhere a tie decides who votes
    assert clear.mean() > 0.95
    predicted = [c.predict(data[1000:]) for c in (ours, theirs)]
    np.testing.assert_array_equal(*(p[clear] for p in predicted))
    assert ours.score(data[1000:], y[1000:]) > 0.95


def test_messages():
    def messages(call):
        found = []
        for module in (scratchml.neighbors, sklearn.neighbors):
            with pytest.raises(ValueError) as caught:  # noqa: PT011 (the text is compared)
                call(module.KNeighborsClassifier())
            found.append(str(caught.value))
        return found

    for call in (
        lambda c: c.fit(X, None),
        lambda c: c.fit(X, CODES[:-1]),
        lambda c: c.fit(X, CODES + 0.5),
        lambda c: c.fit(X, np.stack([CODES + 0.5] * 2, axis=1)),
        lambda c: c.set_params(weights=np.zeros_like).fit(X, CODES).predict(X),
        lambda c: c.set_params(weights=np.zeros_like).fit(X, CODES).predict_proba(X),
        lambda c: c.predict(X),
    ):
        ours, theirs = messages(call)
        assert ours == theirs
    with pytest.raises(ValueError, match=r"^Input y contains NaN\.$"):
        KNeighborsClassifier().fit(X, np.where(CODES > 2, np.nan, CODES))


def test_a_column_of_classes_warns():
    message = (
        "^A column-vector y was passed when a 1d array was expected. Please change the shape of y "
        r"to \(n_samples,\), for example using ravel\(\).$"
    )
    with pytest.warns(scratchml.exceptions.DataConversionWarning, match=message):
        column = KNeighborsClassifier().fit(X, CODES[:, None])
    assert not column.outputs_2d_
    np.testing.assert_array_equal(
        column.predict(QUERIES), KNeighborsClassifier().fit(X, CODES).predict(QUERIES)
    )
