"""What the rooms share: estimator base, validation, compilation, threads, callbacks."""
