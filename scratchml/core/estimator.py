"""The base of every estimator: parameters, display, pickling, input checks, fitted state."""

from __future__ import annotations

import inspect
from typing import Any, ClassVar

import numpy as np

from scratchml import __version__
from scratchml.core.exceptions import NotFittedError, compatible
from scratchml.core.html import short_repr
from scratchml.core.interop import SklearnInterop
from scratchml.core.params import check_params
from scratchml.core.validation import (
    check_array,
    check_feature_names,
    check_n_features,
    get_feature_names,
)
from scratchml.core.warn import warn_user


class Estimator(SklearnInterop):
    """Base class of the estimators.

    A subclass has an `__init__` that only stores its parameters under their own names, a
    `_parameter_constraints` that says which values are valid, and a `fit` of this shape::

        def fit(self, X, y=None, sample_weight=None):
            self._check_params()
            X, attributes = self._check_fit_input(X)
            ...                                     # touches locals only
            self._set_fitted(**attributes, labels_=labels)
            return self

    Nothing is stored on the estimator before the last line, so that a fit that fails or is
    interrupted leaves it as it was.
    """

    n_features_in_: int

    _parameter_constraints: ClassVar[dict[str, Any]] = {}
    # Parameters of `__init__` and their defaults, sorted by name.
    _init_defaults: ClassVar[dict[str, Any]] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        parameters = inspect.signature(cls).parameters.values()
        cls._init_defaults = {p.name: p.default for p in sorted(parameters, key=lambda p: p.name)}

    # ------------------------------------------------------------------ parameters

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Parameters and their values, sorted by name.

        Parameters
        ----------
        deep : bool, default=True
            Whether to add the parameters of parameters that are estimators themselves, as
            ``{parameter}__{its parameter}``.

        Returns
        -------
        dict of str to object
            Name of the parameter -> its value.
        """
        params: dict[str, Any] = {}
        for name in self._init_defaults:
            value = getattr(self, name)
            if deep and hasattr(value, "get_params") and not isinstance(value, type):
                params.update((f"{name}__{k}", v) for k, v in value.get_params().items())
            params[name] = value
        return params

    def set_params(self, **params: Any) -> Any:
        """Set parameters.

        Parameters
        ----------
        **params
            Names and values; ``{name}__{its name}`` for a parameter of a parameter that is an
            estimator itself.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If the estimator has no such parameter; then none is set.
        """
        names = list(self._init_defaults)
        nested: dict[str, dict[str, Any]] = {}
        own: dict[str, Any] = {}
        for key, value in params.items():
            name, delimiter, sub_key = key.partition("__")
            if name not in names:
                raise ValueError(
                    f"Invalid parameter {name!r} for estimator {self}. "
                    f"Valid parameters are: {names!r}."
                )
            if delimiter:
                nested.setdefault(name, {})[sub_key] = value
            else:
                own[name] = value
        vars(self).update(own)
        for name, sub_params in nested.items():
            getattr(self, name).set_params(**sub_params)
        return self

    def _changed_params(self) -> dict[str, Any]:
        """Parameters whose value is not the default."""
        # Texts are compared, not values: arrays and NaN have no plain equality.
        return {
            name: value
            for name, default in self._init_defaults.items()
            if (value := getattr(self, name)) is not default and repr(value) != repr(default)
        }

    def _check_params(self) -> None:
        """Check every parameter against the constraints of the class.

        Raises
        ------
        InvalidParameterError
            For the first parameter that is not valid.
        """
        check_params(self._parameter_constraints, self.get_params(deep=False), type(self).__name__)

    def __repr__(self) -> str:
        changed = (f"{name}={short_repr(v)}" for name, v in self._changed_params().items())
        return f"{type(self).__name__}({', '.join(changed)})"

    # ------------------------------------------------------------------ pickling

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_scratchml_version": __version__}

    def __setstate__(self, state: dict[str, Any]) -> None:
        state = dict(state)
        version = state.pop("_scratchml_version", "an unknown version")
        if version != __version__:
            warn_user(
                f"This {type(self).__name__} was pickled by scratchml {version} and is loaded by "
                f"scratchml {__version__}: it may not work, or give other results. "
                "Fit it again to be safe.",
            )
        vars(self).update(state)

    # ------------------------------------------------------------------ fitted state

    def _set_fitted(self, **attributes: Any) -> None:
        """Publish the result of a fit: these fitted attributes, and no older ones.

        A fitted attribute ends with an underscore and does not begin with one. Private state may
        be passed along; it is overwritten, not removed, by the next fit.
        """
        kept = {k: v for k, v in vars(self).items() if not _is_fitted_attribute(k)}
        # One assignment, between whose halves no interrupt can fall.
        self.__dict__ = {**kept, **attributes}

    def _fitted_attributes(self) -> dict[str, Any]:
        return {k: v for k, v in vars(self).items() if _is_fitted_attribute(k)}

    def __sklearn_is_fitted__(self) -> bool:
        return any(map(_is_fitted_attribute, vars(self)))

    def _check_is_fitted(self) -> None:
        """Raise `NotFittedError` before the first fit."""
        if not self.__sklearn_is_fitted__():
            raise compatible(NotFittedError)(
                f"This {type(self).__name__} instance is not fitted yet. Call 'fit' with "
                "appropriate arguments before using this estimator."
            )

    # ------------------------------------------------------------------ input

    def _check_fit_input(self, X: Any, **options: Any) -> tuple[np.ndarray, dict[str, Any]]:
        """Check the data of a fit, without touching the estimator.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The samples.
        **options
            Passed to `check_array`.

        Returns
        -------
        X : ndarray of shape (n_samples, n_features)
            The checked array; the input itself where nothing had to be converted.
        attributes : dict
            The fitted attributes that `X` implies: `n_features_in_` and, where all its columns
            are named by strings, `feature_names_in_`.
        """
        names = get_feature_names(X)
        array = check_array(X, estimator_name=type(self).__name__, **options)
        attributes: dict[str, Any] = {"n_features_in_": array.shape[1]}
        if names is not None:
            attributes["feature_names_in_"] = names
        return array, attributes

    def _check_predict_input(self, X: Any, **options: Any) -> np.ndarray:
        """Check that the estimator is fitted, and new data against the data of the fit.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The samples; number and names of the columns must be those of the fit.
        **options
            Passed to `check_array`.

        Returns
        -------
        ndarray of shape (n_samples, n_features)
            The checked array.

        Raises
        ------
        NotFittedError
            Before the first fit.
        """
        self._check_is_fitted()
        owner = type(self).__name__
        names = get_feature_names(X)
        fitted_names = getattr(self, "feature_names_in_", None)
        check_feature_names(names, fitted_names, owner)
        array = check_array(X, estimator_name=owner, **options)
        check_n_features(array.shape[1], self.n_features_in_, owner)
        return array


def _is_fitted_attribute(name: str) -> bool:
    return name.endswith("_") and not name.startswith("_")
