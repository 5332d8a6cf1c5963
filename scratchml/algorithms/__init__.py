"""One room per algorithm: a reference to read, kernels to run, an estimator to use."""
