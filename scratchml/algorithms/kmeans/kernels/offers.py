"""The two best scores of each row of a panel, and the centre of the best."""

from __future__ import annotations

from scratchml.core.jit import CONTRACT, STRICT, kernel


@kernel(CONTRACT)
def offer_four(tile, centers, c, n_lanes, scores, inout_best, inout_second, inout_labels):
    """Complete the scores by the last four features and offer them to each column of the tile.

    Plain form, for each of the four: ``second = min(second, max(best, s))``, then
    ``label = c + q if s < best``, then ``best = min(best, s)``.
    """
    s0, s1, s2, s3 = scores[0], scores[1], scores[2], scores[3]
    j = tile.shape[0] - 4
    x0, x1, x2, x3 = tile[j], tile[j + 1], tile[j + 2], tile[j + 3]
    k0, k1, k2, k3 = centers[c], centers[c + 1], centers[c + 2], centers[c + 3]
    p0, p1, p2, p3 = k0[j], k0[j + 1], k0[j + 2], k0[j + 3]
    q0, q1, q2, q3 = k1[j], k1[j + 1], k1[j + 2], k1[j + 3]
    r0, r1, r2, r3 = k2[j], k2[j + 1], k2[j + 2], k2[j + 3]
    t0, t1, t2, t3 = k3[j], k3[j + 1], k3[j + 2], k3[j + 3]
    for i in range(n_lanes):
        u0, u1, u2, u3 = x0[i], x1[i], x2[i], x3[i]
        best, second, label = inout_best[i], inout_second[i], inout_labels[i]
        s = s0[i] - u0 * p0 - u1 * p1 - u2 * p2 - u3 * p3
        second = min(second, max(best, s))
        label = c if s < best else label
        best = min(best, s)
        s = s1[i] - u0 * q0 - u1 * q1 - u2 * q2 - u3 * q3
        second = min(second, max(best, s))
        label = c + 1 if s < best else label
        best = min(best, s)
        s = s2[i] - u0 * r0 - u1 * r1 - u2 * r2 - u3 * r3
        second = min(second, max(best, s))
        label = c + 2 if s < best else label
        best = min(best, s)
        s = s3[i] - u0 * t0 - u1 * t1 - u2 * t2 - u3 * t3
        second = min(second, max(best, s))
        label = c + 3 if s < best else label
        best = min(best, s)
        inout_best[i] = best
        inout_second[i] = second
        inout_labels[i] = label


@kernel(STRICT)
def offer_scores(c, n_rows, scores, inout_best, inout_second, inout_labels):
    """Offer the scores of centres c to c + 3 to each row of a panel; see `offer_four`."""
    s0, s1, s2, s3 = scores[0], scores[1], scores[2], scores[3]
    for i in range(n_rows):
        best, second, label = inout_best[i], inout_second[i], inout_labels[i]
        second = min(second, max(best, s0[i]))
        label = c if s0[i] < best else label
        best = min(best, s0[i])
        second = min(second, max(best, s1[i]))
        label = c + 1 if s1[i] < best else label
        best = min(best, s1[i])
        second = min(second, max(best, s2[i]))
        label = c + 2 if s2[i] < best else label
        best = min(best, s2[i])
        second = min(second, max(best, s3[i]))
        label = c + 3 if s3[i] < best else label
        best = min(best, s3[i])
        inout_best[i] = best
        inout_second[i] = second
        inout_labels[i] = label
