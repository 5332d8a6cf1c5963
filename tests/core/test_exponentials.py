"""exp and log on SIMD lanes, beside the C library's in extended precision."""

from __future__ import annotations

import numpy as np
import pytest

from scratchml.core.kernels.exponentials import SMALLEST_EXPONENT, exp_lanes, log_lanes

# Where long doubles are no longer than doubles there is nothing more exact to compare with.
needs_long_doubles = pytest.mark.skipif(
    np.finfo(np.longdouble).eps >= np.finfo(np.float64).eps, reason="long doubles are doubles"
)


def exps(values, offsets=0.0):
    out = np.array(values, dtype=np.float64)
    work = np.empty_like(out)
    offsets = np.broadcast_to(offsets, out.shape).astype(np.float64)
    exp_lanes(len(out), offsets, out, out.view(np.int64), work, work.view(np.int64))
    return out


def logs(values):
    lost = np.array(values, dtype=np.float64)
    out = np.empty_like(lost)
    log_lanes(len(lost), lost, lost.view(np.int64), out)
    return out


@needs_long_doubles
def test_exponentials_are_right_to_the_last_digits():
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.uniform(-708, 709, 3000), rng.normal(size=3000), [0.0, 709.0, -708.0]])
    exact = np.exp(x.astype(np.longdouble))
    assert np.abs(exps(x) / exact - 1).max() < 2 * np.finfo(np.float64).eps


def test_offsets_are_subtracted_first():
    assert exps([1.0, 1e6], [1.0, 1e6 + 1]).tolist() == [1.0, exps([-1.0])[0]]


def test_exponentials_of_less_than_the_smallest_exponent_are_zero():
    assert exps([np.nextafter(SMALLEST_EXPONENT, -np.inf), -1e300, -np.inf]).tolist() == [0, 0, 0]
    assert exps([SMALLEST_EXPONENT])[0] > 0


@needs_long_doubles
def test_logarithms_are_right_to_the_last_digits():
    rng = np.random.default_rng(0)
    x = np.concatenate([np.exp(rng.uniform(-708, 709, 3000)), rng.uniform(0.5, 2, 3000), [1e-300]])
    exact = np.log(x.astype(np.longdouble))
    assert np.abs(logs(x) / exact - 1).max() < 2 * np.finfo(np.float64).eps


def test_logarithms_of_powers_of_two():
    powers = np.arange(-1022, 1024)
    assert logs([1.0])[0] == 0
    np.testing.assert_allclose(logs(2.0**powers), powers * np.log(2), rtol=1e-15)
