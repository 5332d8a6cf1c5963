"""When a fit of mini-batches ends: its centres stand still, or its inertia falls no further."""

from __future__ import annotations

from scratchml.core.verbose import say


class Stopping:
    """The two rules, after each step.

    Parameters
    ----------
    batch_size, n_samples, n_steps : int
    tol : float
        Squared shift of the centres at which they stand still; 0 switches the rule off.
    max_no_improvement : int or None
        Steps in a row whose smoothed inertia is not the lowest so far; None switches the rule off.
    verbose : bool or int

    Attributes
    ----------
    inertia : float
        Exponentially weighted average of the inertia of a sample, begun anew at the second step:
        the first one tells of the initial centres alone.
    """

    def __init__(
        self,
        batch_size: int,
        n_samples: int,
        n_steps: int,
        tol: float,
        max_no_improvement: int | None,
        verbose: object,
    ) -> None:
        self.inertia = float("nan")
        self._lowest = float("inf")
        self._n_without_improvement = 0
        self._smoothing = min(batch_size * 2.0 / (n_samples + 1), 1)
        self._n_steps = n_steps
        self._tol = tol
        self._max_no_improvement = max_no_improvement
        self._verbose = verbose

    def reached(self, step: int, inertia: float, sq_shift: float) -> bool:
        """Whether the fit ends here.

        Parameters
        ----------
        step : int
            From 1.
        inertia : float
            Of the batch, for each of its samples.
        sq_shift : float
            Sum of the squared distances that the centres moved.
        """
        progress = f"{step}/{self._n_steps}"
        if step == 1:
            self.inertia = inertia
            say(self._verbose, f"Minibatch step {progress}: mean batch inertia: {inertia}")
            return False
        alpha = self._smoothing if step > 2 else 1.0
        self.inertia = self.inertia * (1 - alpha) + inertia * alpha
        say(
            self._verbose,
            f"Minibatch step {progress}: mean batch inertia: {inertia}, "
            f"ewa inertia: {self.inertia}",
        )
        if self._tol > 0 and sq_shift <= self._tol:
            say(self._verbose, f"Converged (small centers change) at step {progress}")
            return True
        if self.inertia < self._lowest:
            self._lowest = self.inertia
            self._n_without_improvement = 0
        else:
            self._n_without_improvement += 1
        if (
            self._max_no_improvement is not None
            and self._n_without_improvement >= self._max_no_improvement
        ):
            say(self._verbose, f"Converged (lack of improvement in inertia) at step {progress}")
            return True
        return False
