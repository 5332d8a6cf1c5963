"""Labels: checked, and numbered in ascending order."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scratchml.core.labels import (
    TABLE_SIZE,
    check_labels,
    check_number_of_labels,
    encode_labels,
)

# --- numbering ------------------------------------------------------------------------------------

LABELS = {
    "by-hand": np.array([5, 3, 3, 9]),
    "negative": np.array([-1, 0, -1, 2], np.int32),
    "int8-full-range": np.array([-128, 127, 0, -128], np.int8),
    "uint64-above-int64": np.array([2**63 + 1, 2**63 - 1, 2**64 - 1], np.uint64),
    "int64-full-range": np.array([-(2**63), 2**63 - 1, 0]),
    "far-apart": np.array([0, TABLE_SIZE, -TABLE_SIZE]),
    "just-a-table": np.array([0, TABLE_SIZE - 1, 7]),
    "bools": np.array([True, False, True]),
    "floats": np.array([0.5, -0.5, 0.5], np.float32),
    "strings": np.array(["b", "a", "b", "c"]),
    "objects": np.array(["b", "a", "b"], object),
    "one": np.array([4]),
    "none": np.array([], int),
    "no-floats": np.array([]),
    "big-endian": np.array([3, 1, 3], ">i4"),
    "strided": np.arange(20)[::-3],
}


@pytest.mark.parametrize("name", LABELS)
def test_classes_and_codes(name):
    labels = LABELS[name]
    before = labels.copy()
    expected, expected_codes = np.unique(labels, return_inverse=True)
    classes, codes = encode_labels(labels)
    assert classes.dtype == labels.dtype.newbyteorder("=")
    assert codes.dtype == np.int32
    assert classes.tolist() == expected.tolist()
    assert codes.tolist() == expected_codes.tolist()
    assert np.array_equal(labels, before)


def test_by_hand():
    classes, codes = encode_labels(LABELS["by-hand"])
    assert classes.tolist() == [3, 5, 9]
    assert codes.tolist() == [1, 0, 0, 2]


@given(st.lists(st.integers(-(2**63), 2**63 - 1) | st.integers(-9, 9), max_size=20))
@settings(max_examples=100, deadline=None)
def test_codes_lead_back_to_the_labels(labels):
    labels = np.array(labels, np.int64)
    classes, codes = encode_labels(labels)
    assert np.array_equal(classes[codes], labels)
    assert (np.diff(classes.astype(object)) > 0).all()


def test_read_only_labels():
    labels = LABELS["by-hand"].copy()
    labels.flags.writeable = False
    assert encode_labels(labels)[1].tolist() == [1, 0, 0, 2]


# --- checks ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "labels",
    [[1, 2, 2], (1, 2, 2), np.array([1, 2, 2], np.int8), np.array([[1], [2], [2]])],
    ids=["list", "tuple", "array", "column"],
)
def test_labels_that_can_be_used(labels):
    checked = check_labels(labels, 3)
    assert checked.shape == (3,)
    assert checked.tolist() == [1, 2, 2]


def test_an_array_is_returned_as_it_is():
    labels = np.array(["a", "b"])
    assert check_labels(labels) is labels


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        pytest.param(
            [[1, 2], [3, 4]],
            "y should be a 1d array, got an array of shape (2, 2) instead.",
            id="two-columns",
        ),
        pytest.param(3, "y should be a 1d array, got an array of shape () instead.", id="scalar"),
        pytest.param(
            [1, 2],
            "Found input variables with inconsistent numbers of samples: [3, 2]",
            id="length",
        ),
        pytest.param(
            [1, 2j, 0], "Complex data not supported\n[1.+0.j 0.+2.j 0.+0.j]\n", id="complex"
        ),
        pytest.param([1, np.nan, np.inf], "Input y contains NaN.", id="nan"),
        pytest.param(
            np.array([1, -np.inf, 0], np.float32),
            "Input y contains infinity or a value too large for dtype('float32').",
            id="infinity",
        ),
    ],
)
def test_labels_that_cannot_be_used(labels, message):
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        check_labels(labels, 3)
    assert str(caught.value) == message


def test_messages_name_the_labels():
    with pytest.raises(ValueError, match=r"^Input labels contains NaN\.$"):
        check_labels([np.nan], name="labels")


@pytest.mark.parametrize(("n_labels", "n_samples"), [(2, 3), (2, 9), (8, 9)])
def test_numbers_of_labels_that_can_be_scored(n_labels, n_samples):
    check_number_of_labels(n_labels, n_samples)


@pytest.mark.parametrize(("n_labels", "n_samples"), [(1, 9), (9, 9), (0, 0), (2, 2)])
def test_numbers_of_labels_that_cannot(n_labels, n_samples):
    message = rf"^Number of labels is {n_labels}\. Valid values are 2 to n_samples - 1 \(inclusive"
    with pytest.raises(ValueError, match=message + r"\)$"):
        check_number_of_labels(n_labels, n_samples)
