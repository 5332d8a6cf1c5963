"""All that scikit-learn asks of an estimator, answered without inheriting from it.

Nothing here loads scikit-learn by itself: it is imported inside the methods that only scikit-learn
calls, and its configuration is read only where it is loaded already.
"""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

import numpy as np

from scratchml.core.html import HtmlTable, estimator_page

# Methods through which a meta-estimator may route metadata (sample weights, mostly).
_ROUTED_METHODS = (
    "fit",
    "partial_fit",
    "predict",
    "predict_proba",
    "predict_log_proba",
    "decision_function",
    "score",
    "transform",
    "inverse_transform",
)

# The value of sklearn.utils.metadata_routing.UNCHANGED: "leave this request as it is".
_UNCHANGED = "$UNCHANGED$"

_Method = TypeVar("_Method", bound=Callable[..., Any])


def sklearn_config(option: str, default: Any) -> Any:
    """Value of an option of scikit-learn's configuration, or `default` where it is not loaded."""
    # In a thread that runs while another imports scikit-learn, the module is there half-filled.
    get_config = getattr(sys.modules.get("sklearn"), "get_config", None)
    return default if get_config is None else get_config().get(option, default)


class SklearnInterop:
    """Tags, metadata routing and notebook display, for `Estimator` to inherit.

    Attributes
    ----------
    _estimator_type : str or None
        What kind of estimator this is, in scikit-learn's words ("clusterer", ...).
    _accepts_sparse : bool
        Whether `fit` takes sparse matrices.
    _preserves_dtype : tuple of str
        Input dtypes that `transform` keeps.

    Each subclass gets a ``set_{method}_request`` for each of its methods that takes more than
    `X` and `y`.
    """

    _estimator_type: str | None = None
    _accepts_sparse: bool = False
    _preserves_dtype: tuple[str, ...] = ("float64", "float32")
    _metadata_names: ClassVar[dict[str, tuple[str, ...]]] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls._metadata_names = {
            method: names
            for method in _ROUTED_METHODS
            if (names := _metadata_parameters(getattr(cls, method, None)))
        }
        for method, names in cls._metadata_names.items():
            setattr(cls, f"set_{method}_request", _request_setter(method, names))

    def __sklearn_tags__(self) -> Any:
        """Describe the estimator to scikit-learn, as real ``sklearn.utils.Tags``."""
        from sklearn.utils import InputTags, Tags, TargetTags, TransformerTags

        transforms = hasattr(self, "transform")
        return Tags(
            estimator_type=self._estimator_type,
            target_tags=TargetTags(required=False),
            transformer_tags=(
                TransformerTags(preserves_dtype=list(self._preserves_dtype)) if transforms else None
            ),
            input_tags=InputTags(sparse=self._accepts_sparse),
        )

    def get_metadata_routing(self) -> Any:
        """Tell scikit-learn which metadata the methods ask for.

        Returns
        -------
        sklearn.utils.metadata_routing.MetadataRequest
        """
        from sklearn.utils.metadata_routing import MetadataRequest, get_routing_for_object

        if hasattr(self, "_metadata_request"):
            return get_routing_for_object(self._metadata_request)
        routing = MetadataRequest(owner=self)
        for method, names in self._metadata_names.items():
            for name in names:
                getattr(routing, method).add_request(param=name, alias=None)
        return routing

    _get_metadata_request = get_metadata_routing

    def _get_params_html(self: Any, deep: bool = True, doc_link: str = "") -> HtmlTable:
        """Table of the parameters, which scikit-learn's diagrams embed; changed ones first."""
        changed = self._changed_params()
        params = {**changed, **self.get_params(deep=deep)}
        return HtmlTable("Parameters", params, marked=changed)

    def _get_fitted_attr_html(self: Any, doc_link: str = "") -> HtmlTable:
        """Table of the fitted attributes, which scikit-learn's diagrams embed."""
        return HtmlTable("Fitted attributes", self._fitted_attributes(), typed=True)

    def _repr_html_(self: Any) -> str:
        """The estimator in a notebook: scikit-learn's diagram where it is loaded, else our own."""
        draw = getattr(sys.modules.get("sklearn.utils"), "estimator_html_repr", None)
        if draw is not None:
            return draw(self)
        tables = [self._get_params_html(), self._get_fitted_attr_html()]
        return estimator_page(type(self).__name__, self.__sklearn_is_fitted__(), tables)

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, str]:
        bundle = {"text/plain": repr(self)}
        if sklearn_config("display", "diagram") == "diagram":
            bundle["text/html"] = self._repr_html_()
        return bundle


class ClusterMixin:
    """A clusterer: `fit` publishes `labels_`."""

    _estimator_type: str | None = "clusterer"

    def fit_predict(self: Any, X: Any, y: Any = None, sample_weight: Any = None) -> np.ndarray:
        """Cluster `X` and return the label of each sample.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The samples.
        y : ignored
            Present by convention.
        sample_weight : array-like of shape (n_samples,), optional
            Weight of each sample, for the estimators whose `fit` takes weights.

        Returns
        -------
        ndarray of shape (n_samples,)
            `labels_`.
        """
        return self.fit(X, y, **_given(sample_weight=sample_weight)).labels_


class TransformerMixin:
    """A transformer whose output columns are named after its class (``kmeans0``, ``kmeans1``).

    The estimator defines `transform`, under `wrap_output`, and `_n_features_out`, the number of
    columns it returns once fitted.
    """

    def fit_transform(self: Any, X: Any, y: Any = None, sample_weight: Any = None) -> Any:
        """Fit to `X`, then transform it.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The samples.
        y : ignored
            Present by convention.
        sample_weight : array-like of shape (n_samples,), optional
            Weight of each sample, for the estimators whose `fit` takes weights.

        Returns
        -------
        ndarray or dataframe of shape (n_samples, n_features_out)
            What `transform` returns for `X`.
        """
        return self.fit(X, y, **_given(sample_weight=sample_weight)).transform(X)

    def get_feature_names_out(self: Any, input_features: Any = None) -> np.ndarray:
        """Names of the output columns: the class name in lower case, and a number.

        Parameters
        ----------
        input_features : array-like of str, optional
            Names of the input columns; only checked against those seen in `fit`.

        Returns
        -------
        ndarray of str objects of shape (n_features_out,)

        Raises
        ------
        ValueError
            If `input_features` are not the columns that were fitted.
        """
        self._check_is_fitted()
        if input_features is not None:
            names = np.asarray(input_features, dtype=object)
            if not np.array_equal(getattr(self, "feature_names_in_", names), names):
                raise ValueError("input_features is not equal to feature_names_in_")
            if len(names) != self.n_features_in_:
                raise ValueError(
                    "input_features should have length equal to number of features "
                    f"({self.n_features_in_}), got {len(names)}"
                )
        prefix = type(self).__name__.lower()
        return np.array([f"{prefix}{i}" for i in range(self._n_features_out)], dtype=object)

    def set_output(self: Any, *, transform: str | None = None) -> Any:
        """Choose the container that `transform` and `fit_transform` return.

        Parameters
        ----------
        transform : {"default", "pandas", "polars"}, optional
            "default" is a NumPy array. None leaves the choice as it is; an estimator for which
            nothing was chosen follows scikit-learn's global configuration.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If the container is not one of those.
        """
        if transform is not None:
            _check_container(transform)
            self._sklearn_output_config = {"transform": transform}
        return self


def wrap_output(method: _Method) -> _Method:
    """Decorate a method that returns a 2-d array, so that it returns the chosen container.

    The choice is the estimator's own (`set_output`), else scikit-learn's global one where
    scikit-learn is loaded. A dataframe has the names of `get_feature_names_out` as columns and,
    in pandas, the index of `X`.
    """

    @functools.wraps(method)
    def wrapped(self: Any, X: Any, *args: Any, **kwargs: Any) -> Any:
        output = method(self, X, *args, **kwargs)
        chosen = getattr(self, "_sklearn_output_config", {}).get("transform")
        container = chosen or sklearn_config("transform_output", "default")
        if container == "default":
            return output
        _check_container(container)
        return _CONTAINERS[container](output, X, self.get_feature_names_out())

    return wrapped  # type: ignore[return-value]


def _to_pandas(output: np.ndarray, X: Any, columns: np.ndarray) -> Any:
    pandas = _import_container("pandas")
    index = X.index if isinstance(X, pandas.DataFrame | pandas.Series) else None
    return pandas.DataFrame(output, index=index, columns=columns, copy=False)


def _to_polars(output: np.ndarray, X: Any, columns: np.ndarray) -> Any:
    polars = _import_container("polars")
    return polars.DataFrame(output, schema=columns.tolist(), orient="row")


_CONTAINERS = {"pandas": _to_pandas, "polars": _to_polars}


def _check_container(container: str) -> None:
    allowed = sorted({"default", *_CONTAINERS})
    if container not in allowed:
        raise ValueError(f"output config must be in {allowed}, got {container}")


def _import_container(library: str) -> Any:
    import importlib

    try:
        return importlib.import_module(library)
    except ImportError as error:
        raise ImportError(
            f"Setting output container to '{library}' requires {library} to be installed"
        ) from error


def _given(**arguments: Any) -> dict[str, Any]:
    """The arguments that are not None: a `fit` without weights is never asked to take them."""
    return {name: value for name, value in arguments.items() if value is not None}


def _metadata_parameters(method: Callable[..., Any] | None) -> tuple[str, ...]:
    """Names of the parameters of an unbound method, but for `self`, `X`, `y` and the variadic."""
    if method is None:
        return ()
    _, *parameters = inspect.signature(method).parameters.values()
    return tuple(
        p.name
        for p in parameters
        if p.name not in ("X", "y") and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
    )


def _request_setter(method: str, names: tuple[str, ...]) -> Callable[..., Any]:
    """Make the ``set_{method}_request`` of a method that takes the metadata `names`."""

    def set_request(self: Any, **requests: bool | str | None) -> Any:
        if not sklearn_config("enable_metadata_routing", False):
            raise RuntimeError(
                "This method is only available when metadata routing is enabled. You can enable "
                "it using sklearn.set_config(enable_metadata_routing=True)."
            )
        if unexpected := set(requests) - set(names):
            raise TypeError(
                f"Unexpected args: {unexpected} in {method}. Accepted arguments are: {set(names)}"
            )
        routing = self.get_metadata_routing()
        for name, alias in requests.items():
            if alias != _UNCHANGED:
                getattr(routing, method).add_request(param=name, alias=alias)
        self._metadata_request = routing
        return self

    set_request.__name__ = f"set_{method}_request"
    set_request.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [
            inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD),
            *(
                inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=_UNCHANGED)
                for name in names
            ),
        ]
    )
    set_request.__doc__ = f"""Say which metadata a meta-estimator shall pass to `{method}`.

        Parameters
        ----------
        {", ".join(names)} : bool, str or None
            True: pass it where it is given. False: never pass it. None: raise an error where it
            is given. A string: pass what is given under that name.

        Returns
        -------
        self

        Raises
        ------
        RuntimeError
            If scikit-learn's metadata routing is not enabled.
        TypeError
            If `{method}` takes no metadata of that name.
        """
    return set_request
