"""Mini-batch K-means: centres that learn from a few samples at a time."""

from scratchml.algorithms.minibatch_kmeans.estimator import MiniBatchKMeans

__all__ = ["MiniBatchKMeans"]
