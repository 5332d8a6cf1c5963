"""Settings and fixtures of the whole suite."""

from __future__ import annotations

import os

import pytest

# Read once, when scikit-learn and SciPy are imported: without it scikit-learn skips a check.
os.environ["SCIPY_ARRAY_API"] = "1"
# scikit-learn's threads wait for one another by spinning: where other processes use the cores too,
# that slows down each of the many small fits that ours are compared with.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")


@pytest.fixture(params=[0, 1, 2], ids="seed{}".format)
def seed(request):
    """Seed of the random numbers of a test; a test that takes it runs once for each."""
    return request.param
