"""What happens when a covariance is not positive definite any more."""

from __future__ import annotations

import numpy as np

from scratchml.core.warn import warn_user

from .mixture import Mixture
from .steps import Steps

MAX_RESTARTS = 3
"""So often a component begins anew in a run; then its covariance is lifted."""


class Collapse:
    """Completes the parameters of a mixture, and refuses them when a component has collapsed.

    Parameters
    ----------
    steps : Steps
    dtype : dtype
        Of the data, for the message.
    """

    def __init__(self, steps: Steps, dtype: np.dtype) -> None:
        self.steps = steps
        self.dtype = dtype
        self.restarts: list[tuple[int, int]] = []
        self.lifted: set[int] = set()

    def settle(
        self, weights: np.ndarray, means: np.ndarray, covariances: np.ndarray, iteration: int
    ) -> Mixture:
        """The mixture of these parameters, which may be modified in place.

        Parameters
        ----------
        weights, means, covariances : float64
            What an M-step gives.
        iteration : int
            Its number; 0 for the start of a run.

        Raises
        ------
        ValueError
            If a component has collapsed.
        """
        factors, collapsed = self.steps.covariance.factorize(covariances)
        if collapsed.size:
            raise ValueError(self.message())
        return Mixture(weights, means, covariances, factors)

    def message(self) -> str:
        """Why there is no such mixture, and what may help."""
        text = (
            "Fitting the mixture model failed because some components have "
            "ill-defined empirical covariance (for instance caused by singleton "
            "or collapsed samples). Try to decrease the number of components, "
            "increase reg_covar, or scale the input data."
        )
        if self.dtype == np.float32:
            text += (
                " The numerical accuracy can also be improved by passing float64"
                " data instead of float32."
            )
        return text

    def report(self) -> None:
        """Warn of what has been done in the run that is kept."""


class Repair(Collapse):
    """Lifts the covariances of components that have collapsed, so that the fit goes on."""

    def settle(
        self, weights: np.ndarray, means: np.ndarray, covariances: np.ndarray, iteration: int
    ) -> Mixture:
        """The mixture of these parameters, which are modified where components have collapsed."""
        covariance = self.steps.covariance
        factors, collapsed = covariance.factorize(covariances)
        if collapsed.size:
            # A covariance that all share has no first dimension to number it in.
            view = covariances.reshape(-1, *self.steps.pooled.shape)
            for c in collapsed:
                self.mend(c, weights, means, view, iteration)
            weights /= weights.sum()
            factors, collapsed = covariance.factorize(covariances)
            if collapsed.size:  # squares of the data overflow
                raise ValueError(self.message())
        return Mixture(weights, means, covariances, factors)

    def mend(
        self,
        c: int,
        weights: np.ndarray,
        means: np.ndarray,
        covariances: np.ndarray,
        iteration: int,
    ) -> None:
        """Make the covariance of a component positive definite."""
        self.lifted.add(int(c))
        lifted = self.steps.lifted(covariances[c])
        _, collapsed = self.steps.covariance.factorize(lifted[np.newaxis])
        covariances[c] = self.steps.lifted(self.steps.pooled) if collapsed.size else lifted

    def report(self) -> None:
        """Warn of what has been done in the run that is kept."""
        if self.lifted:
            warn_user(
                f"The covariances of components {sorted(self.lifted)} were not positive definite "
                "and had some variance added. Decrease the number of components, or leave out "
                "features that are constant or follow from others."
            )


class Restart(Repair):
    """Lets components that have collapsed begin anew, elsewhere.

    Parameters
    ----------
    steps, dtype
        As of `Collapse`.
    random_state : RandomState
    """

    def __init__(self, steps: Steps, dtype: np.dtype, random_state: np.random.RandomState) -> None:
        super().__init__(steps, dtype)
        self.random_state = random_state

    def mend(
        self,
        c: int,
        weights: np.ndarray,
        means: np.ndarray,
        covariances: np.ndarray,
        iteration: int,
    ) -> None:
        """Move a component to a sample drawn by weight, with a share of the data's covariance."""
        n_components = len(means)
        n_earlier = sum(component == c for _, component in self.restarts)
        shared = len(covariances) < n_components
        if shared or n_earlier == MAX_RESTARTS:
            super().mend(c, weights, means, covariances, iteration)
            return
        rows = self.steps.rows
        means[c] = rows.X[rows.draw(1, self.random_state)[0]]
        covariances[c] = self.steps.positive(self.steps.shrunk(n_components))
        weights[c] = 1 / n_components
        self.restarts.append((iteration, int(c)))

    def report(self) -> None:
        """Warn of what has been done in the run that is kept."""
        super().report()
        if self.restarts:
            times = ", ".join(f"{c} in iteration {i}" for i, c in self.restarts)
            warn_user(
                f"Components have collapsed and begun anew at another sample: {times}. "
                "Decrease the number of components, or increase reg_covar."
            )
