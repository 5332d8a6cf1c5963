from __future__ import annotations

import copy
import pickle
import re
import time

import numpy as np
import pandas as pd
import pytest

from scratchml import __version__
from scratchml.core.estimator import Estimator
from scratchml.exceptions import InvalidParameterError, NotFittedError


class Mean(Estimator):
    """Toy: remembers the mean of the data."""

    _parameter_constraints = {"power": [int], "inner": [Estimator, np.ndarray, None]}  # noqa: RUF012

    def __init__(self, power=1, *, inner=None, scale=1.0):
        self.power = power
        self.inner = inner
        self.scale = scale

    def fit(self, X, y=None, failure=None):
        self._check_params()
        X, attributes = self._check_fit_input(X)
        mean = X.mean(axis=0)
        if failure is not None:
            raise failure
        self._set_fitted(**attributes, mean_=mean)
        return self

    def predict(self, X):
        return self._check_predict_input(X) - self.mean_


class NoParameters(Estimator):
    pass


X = np.arange(12.0).reshape(4, 3)
FRAME = pd.DataFrame(X, columns=["a", "b", "c"])


def test_get_params_is_deep_by_default():
    est = Mean(2, inner=Mean(3))
    assert est.get_params(deep=False) == {"inner": est.inner, "power": 2, "scale": 1.0}
    nested = {"inner__inner": None, "inner__power": 3, "inner__scale": 1.0}
    assert est.get_params() == {**est.get_params(deep=False), **nested}
    assert NoParameters().get_params() == {}


def test_get_params_leaves_classes_alone():
    assert Mean(inner=Mean).get_params() == {"inner": Mean, "power": 1, "scale": 1.0}


def test_set_params_reaches_nested_estimators():
    est = Mean()
    assert est.set_params(inner=Mean(), inner__power=5, scale=2.0) is est
    assert (est.inner.power, est.scale, est.power) == (5, 2.0, 1)


@pytest.mark.parametrize("key", ["other", "other__power"], ids=["plain", "nested"])
def test_set_params_with_an_unknown_name_sets_nothing(key):
    est = Mean(2)
    message = (
        "Invalid parameter 'other' for estimator Mean(power=2). "
        "Valid parameters are: ['inner', 'power', 'scale']."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        est.set_params(power=7, **{key: 1})
    assert est.power == 2


@pytest.mark.parametrize(
    ("est", "text"),
    [
        (Mean(), "Mean()"),
        (Mean(1, scale=1.0), "Mean()"),
        (Mean(3, inner=Mean(2)), "Mean(inner=Mean(power=2), power=3)"),
        (Mean(scale=float("nan")), "Mean(scale=nan)"),
        (Mean(inner=np.eye(2)), "Mean(inner=array([[1., 0.], [0., 1.]]))"),
        (Mean(inner=list(range(99))), "Mean(inner=[0, 1, 2, 3, 4, 5, ...])"),
    ],
    ids=["defaults", "given-defaults", "nested", "nan", "small-array", "long-list"],
)
def test_repr_shows_what_was_changed(est, text):
    assert repr(est) == text


def test_repr_shortens_long_arrays():
    text = repr(Mean(inner=np.zeros((500, 30))))
    assert text.startswith("Mean(inner=array([[0., 0., ..., 0., 0.],")
    assert len(text) < 250
    assert "\n" not in text


def test_check_params():
    message = "The 'power' parameter of Mean must be an instance of 'int'. Got 'two' instead."
    with pytest.raises(InvalidParameterError, match=f"^{re.escape(message)}$"):
        Mean("two").fit(X)


def test_fit_input_implies_attributes():
    est = Mean()
    array, attributes = est._check_fit_input(X)
    assert array is X
    assert attributes == {"n_features_in_": 3}
    _, attributes = est._check_fit_input(FRAME)
    assert attributes["feature_names_in_"].tolist() == ["a", "b", "c"]
    assert vars(est) == vars(Mean())


@pytest.mark.parametrize("failure", [RuntimeError("no"), KeyboardInterrupt()], ids=repr)
def test_failed_fit_leaves_the_estimator_as_it_was(failure):
    est = Mean().fit(FRAME)
    before = dict(vars(est))
    with pytest.raises(type(failure)):
        est.fit(X[:, :2], failure=failure)
    assert vars(est).keys() == before.keys()
    assert all(vars(est)[name] is value for name, value in before.items())

    unfitted = Mean()
    with pytest.raises(type(failure)):
        unfitted.fit(X, failure=failure)
    assert vars(unfitted) == vars(Mean())


def test_a_new_fit_removes_what_the_old_one_published():
    est = Mean().fit(FRAME)
    est._private_ = est.parameter = "kept"
    est._set_fitted(other_=1, _tree="new")
    assert vars(est) == {
        **vars(Mean()),
        "_private_": "kept",
        "parameter": "kept",
        "other_": 1,
        "_tree": "new",
    }


def test_not_fitted():
    message = (
        "This Mean instance is not fitted yet. Call 'fit' with appropriate arguments before using "
        "this estimator."
    )
    with pytest.raises(NotFittedError, match=f"^{re.escape(message)}$"):
        Mean().predict(X)
    assert not Mean().__sklearn_is_fitted__()
    assert Mean().fit(X).__sklearn_is_fitted__()


def test_predict_input_must_have_the_fitted_columns():
    est = Mean().fit(X)
    message = "X has 2 features, but Mean is expecting 3 features as input."
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        est.predict(X[:, :2])


def test_predict_input_must_have_the_fitted_names():
    est = Mean().fit(FRAME)
    assert est.predict(FRAME).shape == (4, 3)
    message = "The feature names should match those that were passed during fit.\n"
    with pytest.raises(ValueError, match=f"^{re.escape(message)}"):
        est.predict(FRAME.rename(columns={"a": "z"}))
    message = "X does not have valid feature names, but Mean was fitted with feature names"
    with pytest.warns(UserWarning, match=f"^{re.escape(message)}$") as warned:
        est.predict(X)
    assert warned[0].filename == __file__


def test_pickle_carries_the_version():
    est = Mean(2).fit(X)
    state = est.__getstate__()
    assert state["_scratchml_version"] == __version__
    again = pickle.loads(pickle.dumps(est))
    assert vars(again).keys() == vars(est).keys()
    np.testing.assert_array_equal(again.predict(X), est.predict(X))
    np.testing.assert_array_equal(copy.deepcopy(est).mean_, est.mean_)


@pytest.mark.parametrize("version", ["0.0.1", None], ids=["older", "unmarked"])
def test_unpickling_another_version_warns(version):
    state = Mean(2).__getstate__()
    del state["_scratchml_version"]
    if version is not None:
        state["_scratchml_version"] = version
    message = (
        f"This Mean was pickled by scratchml {version or 'an unknown version'} and is loaded by "
        f"scratchml {__version__}: it may not work, or give other results. "
        "Fit it again to be safe."
    )
    est = Mean()
    with pytest.warns(UserWarning, match=f"^{re.escape(message)}$"):
        est.__setstate__(state)
    assert est.power == 2
    assert "_scratchml_version" not in vars(est)


@pytest.mark.clock
def test_checking_small_data_costs_little():
    est = Mean()
    small = np.random.default_rng(0).normal(size=(150, 4))
    best = min(_seconds(lambda: est._check_fit_input(small)) for _ in range(200))
    assert best < 100e-6  # about ten times what it takes


def _seconds(function):
    start = time.perf_counter()
    function()
    return time.perf_counter() - start
