"""exp and log of many numbers, one on each SIMD lane.

The functions of the C library take one number at a time, and loops that call them stay scalar.
These are polynomials without a branch; the power of two is put in, or taken out, by integer
arithmetic on the bits of the numbers. Each array of float64 comes with a view of the same memory as
int64, which the caller has made.
"""

from __future__ import annotations

from scratchml.core.jit import CONTRACT, kernel

SMALLEST_EXPONENT = -708.0
"""`exp_lanes` gives 0 for whatever is smaller: below 3e-308 numbers have fewer digits."""

LOG2_E = 1.4426950408889634
# log 2 in two parts: multiples of the first by whole numbers up to 2**10 are exact.
LN2_HIGH = 6.93147180369123816490e-01
LN2_LOW = 1.90821492927058770002e-10

ROUNDER = 6755399441055744.0
"""1.5 * 2**52: added to a smaller number it leaves the nearest integer in the lowest bits."""

SQRT_HALF_BITS = 0x3FE6A09E667F3BCD
"""Bits of the square root of 1/2."""


@kernel(CONTRACT, allocates=False)
def exp_lanes(n_lanes, offsets, inout_values, inout_bits, work, work_bits):
    """Exponentials of numbers less their offsets, where that is at most 709.

    x = m log 2 + r with an integer m, so that exp(x) = 2**m exp(r), where r is at most 0.35 in
    absolute value. The polynomial of degree 11 interpolates exp there at Chebyshev nodes, with a
    relative error of 5e-18; rounding adds about 2e-16.

    Parameters
    ----------
    n_lanes : int
        How many.
    offsets : float64[>= n_lanes]
        Subtracted first.
    inout_values : float64[>= n_lanes]
        Modified in place.
    inout_bits : int64[>= n_lanes]
        The same memory.
    work : float64[>= n_lanes]
    work_bits : int64[>= n_lanes]
        The same memory as ``work``.
    """
    for i in range(n_lanes):
        difference = inout_values[i] - offsets[i]
        vanishes = difference < SMALLEST_EXPONENT
        x = 0.0 if vanishes else difference
        shifted = x * LOG2_E + ROUNDER
        m = shifted - ROUNDER
        r = (x - m * LN2_HIGH) - m * LN2_LOW
        p = 2.5110095611886237e-08 * r + 2.7632715071632255e-07
        p = p * r + 2.7557240761739257e-06
        p = p * r + 2.4801485278370062e-05
        p = p * r + 0.00019841269890193705
        p = p * r + 0.0013888888952505406
        p = p * r + 0.008333333333319546
        p = p * r + 0.04166666666648738
        p = p * r + 0.1666666666666668
        p = p * r + 0.5000000000000019
        p = p * r + 1.0
        p = p * r + 1.0
        inout_values[i] = 0.0 if vanishes else p
        work[i] = shifted
    for i in range(n_lanes):
        inout_bits[i] += work_bits[i] << 52


@kernel(CONTRACT, allocates=False)
def log_lanes(n_lanes, values, bits, out_logs):
    """Natural logarithms of positive normal numbers.

    x = 2**m (1 + f) with 1 + f between the square roots of 1/2 and of 2. With s = f / (2 + f),
    log(1 + f) = 2 artanh(s), a series in s**2 of which seven terms, fitted to the interval, leave a
    relative error of 2**-58 (the one of the FreeBSD mathematical library).

    Parameters
    ----------
    n_lanes : int
        How many.
    values : float64[>= n_lanes]
        Lost: the mantissas are left there.
    bits : int64[>= n_lanes]
        The same memory.
    out_logs : float64[>= n_lanes]
    """
    for i in range(n_lanes):
        m = (bits[i] - SQRT_HALF_BITS) >> 52
        bits[i] -= m << 52
        out_logs[i] = m
    for i in range(n_lanes):
        f = values[i] - 1.0
        m_float = out_logs[i]
        s = f / (2.0 + f)
        z = s * s
        p = 1.479819860511658591e-01 * z + 1.531383769920937332e-01
        p = p * z + 1.818357216161805012e-01
        p = p * z + 2.222219843214978396e-01
        p = p * z + 2.857142874366239149e-01
        p = p * z + 3.999999999940941908e-01
        p = p * z + 6.666666666666735130e-01
        half_sq = 0.5 * f * f
        tail = s * (half_sq + p * z) + m_float * LN2_LOW
        out_logs[i] = m_float * LN2_HIGH - ((half_sq - tail) - f)
