"""K-means in plain NumPy, to be read.

symbol   name
------   ----------------------------------------------------------------------
X        samples, float[n, d]
w        weights of the samples, float[n]
C        centres, float[k, d]
D        distances or squared distances, float[n, k]
labels   index of the nearest centre of each sample, int[n]
J        inertia: the weighted sum of squared distances to the nearest centre
u        upper bound on the distance of each sample to its own centre, float[n]
lo       lower bounds on the distances to other centres, one or several for each sample

Lloyd's algorithm (S. P. Lloyd, "Least squares quantization in PCM", IEEE Transactions on
Information Theory 28, 1982) lowers J by turns: the best labels for the centres, then the best
centres for the labels. k-means++ (D. Arthur and S. Vassilvitskii, SODA 2007) finds centres to begin
with. `hamerly`, `yinyang` and `elkan` take Lloyd's steps and leave out distances that the triangle
inequality makes needless: they keep one lower bound for each sample, one for each group of centres,
and one for each centre. All are generators, so that a loop shows each step:

>>> import numpy as np
>>> X = np.array([[0.0], [1.0], [9.0], [11.0]])
>>> for step in lloyd(X, C=np.array([[0.0], [1.0]])):
...     print(step.labels, step.C.ravel(), step.J)
[0 1 1 1] [0. 7.] 164.0
[0 0 1 1] [ 0.5 10. ] 21.0
[0 0 1 1] [ 0.5 10. ] 2.5
"""

from __future__ import annotations

from .elkan import elkan
from .hamerly import hamerly
from .lloyd import LloydStep, lloyd, new_centers, sq_distances
from .seeding import SeedingStep, kmeans_plusplus, kmeans_plusplus_pruned
from .yinyang import group_centers, yinyang

__all__ = [
    "LloydStep",
    "SeedingStep",
    "elkan",
    "group_centers",
    "hamerly",
    "kmeans_plusplus",
    "kmeans_plusplus_pruned",
    "lloyd",
    "new_centers",
    "sq_distances",
    "yinyang",
]
