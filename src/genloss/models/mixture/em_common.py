"""Compiled expectation step about one centre for all components, in registers: fast for many
components or dimensions, and accurate while no component is narrow beside the spread of the rows.

With one centre, log(weight_h density_h) is a quadratic form in the row: against the heaviest
component only k - 1 forms are left, and since responsibilities sum to one, its sums are those of
all rows less the others'. Both subtractions cost digits where a component is narrow, which
`suits` bounds. Dimensions go in blocks of five, filled up with zeros, and a loop over the rows
makes ten sums at most, for which AVX2 has registers; one or two dimensions have loops of their own.

em_loop names the digest of this file: see its COMMON.
"""

import math

import numpy as np

from genloss.compiled import REORDERED, compiled
from genloss.core.arrays import Floats, Ints

ROWS = 512
"""Rows of a block."""

MOST_COMPONENTS = 4096
"""79 totals of at most so much have a product below the largest float."""

WIDEST = 1e5
"""Half the squared Mahalanobis length, in nats, that no row may exceed about any component: the
terms of a form are no larger, so that log densities are right to about 1e-11."""

BLOCK = 5
LOG2_E, LN2 = 1 / math.log(2), math.log(2)
ROUND, SMALLEST = 1.5 * 2.0**52, -1020.0
# 2^f on [-1/2, 1/2] through the Chebyshev nodes of degree 11: to 4e-18 before rounding.
C1, C2, C3 = 0.6931471805599453, 0.24022650695910158, 0.055504108664821604
C4, C5, C6 = 0.009618129107587314, 0.0013333558146410788, 0.00015403530463679096
C7, C8, C9 = 1.5252733837988064e-05, 1.3215432551928214e-06, 1.0178058390428893e-07
C10, C11 = 7.074192209639015e-09, 4.4556433403988256e-10


@compiled(fastmath={"contract"})
def exp2_nonpositive(t: float) -> float:
    """2^t for t <= 0 to 2e-16 relative, and 2^-1020 below that, in a form that vectorises."""
    t = max(t, SMALLEST)
    # Adding 1.5 * 2^52 rounds to an integer and leaves it in the low bits; must not be reordered.
    shifted = t + ROUND
    f = t - (shifted - ROUND)
    # Halves of halves: a chain of eleven products waits longer for each than the units take.
    g = f * f
    h = g * g
    first = (1.0 + f * C1) + g * (C2 + f * C3)
    second = (C4 + f * C5) + g * (C6 + f * C7)
    third = (C8 + f * C9) + g * (C10 + f * C11)
    p = first + h * (second + h * third)
    bits = np.float64(p).view(np.int64) + (np.float64(shifted).view(np.int64) << 52)
    return np.int64(bits).view(np.float64)


@compiled(fastmath=REORDERED)
def plane_forms(x: Floats, y: Floats, a: Floats, form: Floats, top: Floats) -> None:
    """Four forms a (4, 6) in the plane into form (4, ROWS); top (m,) becomes their maximum."""
    f0, f1, f2, f3 = form[0], form[1], form[2], form[3]
    a00, a01, a02, a03, a04, a05 = a[0, 0], a[0, 1], a[0, 2], a[0, 3], a[0, 4], a[0, 5]
    a10, a11, a12, a13, a14, a15 = a[1, 0], a[1, 1], a[1, 2], a[1, 3], a[1, 4], a[1, 5]
    a20, a21, a22, a23, a24, a25 = a[2, 0], a[2, 1], a[2, 2], a[2, 3], a[2, 4], a[2, 5]
    a30, a31, a32, a33, a34, a35 = a[3, 0], a[3, 1], a[3, 2], a[3, 3], a[3, 4], a[3, 5]
    for j in range(x.size):
        u, v = x[j], y[j]
        uu, uv, vv = u * u, u * v, v * v
        t0 = a00 + a01 * u + a02 * v + a03 * uu + a04 * uv + a05 * vv
        t1 = a10 + a11 * u + a12 * v + a13 * uu + a14 * uv + a15 * vv
        t2 = a20 + a21 * u + a22 * v + a23 * uu + a24 * uv + a25 * vv
        t3 = a30 + a31 * u + a32 * v + a33 * uu + a34 * uv + a35 * vv
        f0[j], f1[j], f2[j], f3[j] = t0, t1, t2, t3
        top[j] = max(top[j], max(max(t0, t1), max(t2, t3)))


@compiled(fastmath=REORDERED)
def plane_products(total: Floats, x: Floats, y: Floats, out: Floats) -> None:
    """Fill out (6, ROWS) with total (m,) times 1, x, y, x^2, x y, y^2, once for all components."""
    f0, f1, f2, f3, f4, f5 = out[0], out[1], out[2], out[3], out[4], out[5]
    for j in range(total.size):
        u, v = x[j], y[j]
        a, b = total[j] * u, total[j] * v
        f0[j], f1[j], f2[j], f3[j], f4[j], f5[j] = total[j], a, b, a * u, a * v, b * v


@compiled(fastmath=REORDERED)
def plane_sums(r: Floats, products: Floats, out: Floats) -> None:
    """Add sum_j r_j times each of plane_products to out (6,)."""
    f0, f1, f2 = products[0], products[1], products[2]
    f3, f4, f5 = products[3], products[4], products[5]
    a = b = c = d = e = f = 0.0
    for j in range(r.size):
        s = r[j]
        a, b, c = a + s * f0[j], b + s * f1[j], c + s * f2[j]
        d, e, f = d + s * f3[j], e + s * f4[j], f + s * f5[j]
    for i, total in enumerate((a, b, c, d, e, f)):
        out[i] += total


@compiled(fastmath=REORDERED)
def square_form(x: Floats, i: int, first: int, a: Floats, form: Floats) -> None:
    """Add the form of dimensions i to i + 4 of x (D, n): linear a[:5], quadratic a[5:20]."""
    last = first + form.size
    x0, x1, x2 = x[i, first:last], x[i + 1, first:last], x[i + 2, first:last]
    x3, x4 = x[i + 3, first:last], x[i + 4, first:last]
    for j in range(form.size):
        u, v, w, y, z = x0[j], x1[j], x2[j], x3[j], x4[j]
        t = u * (a[0] + a[5] * u) + v * (a[1] + a[6] * u + a[7] * v)
        t += w * (a[2] + a[8] * u + a[9] * v + a[10] * w)
        t += y * (a[3] + a[11] * u + a[12] * v + a[13] * w + a[14] * y)
        form[j] += t + z * (a[4] + a[15] * u + a[16] * v + a[17] * w + a[18] * y + a[19] * z)


@compiled(fastmath=REORDERED)
def cross_form(x: Floats, i: int, l: int, first: int, a: Floats, form: Floats) -> None:
    """Add the products of dimensions i to i + 4 of x (D, n) with l to l + 4, times a[:25]."""
    last = first + form.size
    x0, x1, x2 = x[l, first:last], x[l + 1, first:last], x[l + 2, first:last]
    x3, x4 = x[l + 3, first:last], x[l + 4, first:last]
    y0, y1, y2 = x[i, first:last], x[i + 1, first:last], x[i + 2, first:last]
    y3, y4 = x[i + 3, first:last], x[i + 4, first:last]
    for j in range(form.size):
        u, v, w, y, z = x0[j], x1[j], x2[j], x3[j], x4[j]
        t = y0[j] * (a[0] * u + a[1] * v + a[2] * w + a[3] * y + a[4] * z)
        t += y1[j] * (a[5] * u + a[6] * v + a[7] * w + a[8] * y + a[9] * z)
        t += y2[j] * (a[10] * u + a[11] * v + a[12] * w + a[13] * y + a[14] * z)
        t += y3[j] * (a[15] * u + a[16] * v + a[17] * w + a[18] * y + a[19] * z)
        form[j] += t + y4[j] * (a[20] * u + a[21] * v + a[22] * w + a[23] * y + a[24] * z)


@compiled(fastmath=REORDERED)
def square_sums(x: Floats, i: int, first: int, r: Floats, out: Floats) -> None:
    """Add sum_j r_j times the rows and their products, placed as in square_form, to out (20,)."""
    last = first + r.size
    x0, x1, x2 = x[i, first:last], x[i + 1, first:last], x[i + 2, first:last]
    x3, x4 = x[i + 3, first:last], x[i + 4, first:last]
    s0 = s1 = s2 = s3 = s4 = t00 = t10 = t11 = t20 = t21 = t22 = 0.0
    t30 = t31 = t32 = t33 = t40 = t41 = t42 = t43 = t44 = 0.0
    # Ten sums a loop, which AVX2 has registers for.
    for j in range(r.size):
        u, v, w, y, z = x0[j], x1[j], x2[j], x3[j], x4[j]
        a, b = r[j], r[j] * u
        s0, s1, s2, s3, s4 = s0 + a * u, s1 + a * v, s2 + a * w, s3 + a * y, s4 + a * z
        t00, t10, t20, t30, t40 = t00 + b * u, t10 + b * v, t20 + b * w, t30 + b * y, t40 + b * z
    for j in range(r.size):
        v, w, y, z = x1[j], x2[j], x3[j], x4[j]
        a, b, c, d = r[j] * v, r[j] * w, r[j] * y, r[j] * z
        t11, t21, t31, t41 = t11 + a * v, t21 + a * w, t31 + a * y, t41 + a * z
        t22, t32, t42, t33, t43 = t22 + b * w, t32 + b * y, t42 + b * z, t33 + c * y, t43 + c * z
        t44 += d * z
    linear = (s0, s1, s2, s3, s4)
    products = (t00, t10, t11, t20, t21, t22, t30, t31, t32, t33, t40, t41, t42, t43, t44)
    for h, total in enumerate(linear):
        out[h] += total
    for h, total in enumerate(products):
        out[5 + h] += total


@compiled(fastmath=REORDERED)
def cross_sums(x: Floats, i: int, l: int, first: int, r: Floats, out: Floats) -> None:
    """Add sum_j r_j times the products, placed as in cross_form, to out (25,)."""
    last = first + r.size
    x0, x1, x2 = x[l, first:last], x[l + 1, first:last], x[l + 2, first:last]
    x3, x4 = x[l + 3, first:last], x[l + 4, first:last]
    # Row by row: 25 sums at once have no room in the registers of AVX2.
    for h in range(BLOCK):
        y = x[i + h, first:last]
        a0 = a1 = a2 = a3 = a4 = 0.0
        for j in range(r.size):
            s = r[j] * y[j]
            a0, a1, a2 = a0 + s * x0[j], a1 + s * x1[j], a2 + s * x2[j]
            a3, a4 = a3 + s * x3[j], a4 + s * x4[j]
        for q, total in enumerate((a0, a1, a2, a3, a4)):
            out[BLOCK * h + q] += total


@compiled(fastmath=REORDERED)
def add_powers(form: Floats, top: Floats, total: Floats) -> None:
    """Replace form (m,) by 2^(form - top), and add it to total."""
    for j in range(top.size):
        form[j] = exp2_nonpositive(form[j] - top[j])
        total[j] += form[j]


@compiled(fastmath=REORDERED)
def set_powers(form: Floats, top: Floats, total: Floats) -> None:
    """Do add_powers for one form beside 0, whose total becomes 1 + 2^-|form|: one power a row."""
    for j in range(top.size):
        smaller = exp2_nonpositive(-abs(form[j]))
        form[j] = 1.0 if form[j] >= 0.0 else smaller
        total[j] = 1.0 + smaller


@compiled(fastmath=REORDERED)
def add_logs(top: Floats, total: Floats, weight: Floats) -> float:
    """sum_j w_j (top_j + log2 total_j), with 8 logarithms in all where w_j = 1."""
    bound, m = 0.0, top.size
    for j in range(weight.size):
        bound += weight[j] * (top[j] + math.log2(total[j]))
    if weight.size == 0:
        lane, whole = np.ones(16), m - m % 16
        for first in range(0, whole, 16):
            for i in range(16):
                lane[i] *= total[first + i]
        for j in range(whole, m):
            lane[0] *= total[j]
        for j in range(m):
            bound += top[j]
        for i in range(8):
            bound += math.log2(lane[i] * lane[i + 8])
    return bound


@compiled(fastmath=REORDERED)
def turn_to_weights(total: Floats, weight: Floats) -> None:
    """Replace total (m,) by w / total; weight (m,), or (0,) where every row counts 1."""
    for j in range(total.size):
        total[j] = 1.0 / total[j]
    for j in range(weight.size):
        total[j] *= weight[j]


@compiled(fastmath=REORDERED)
def scale(r: Floats, total: Floats) -> float:
    """Replace r (m,) by r times total; returns its sum."""
    count = 0.0
    for j in range(r.size):
        r[j] *= total[j]
        count += r[j]
    return count


@compiled()
def add_forms(x: Floats, first: int, a: Floats, form: Floats, top: Floats) -> None:
    """Forms a (H, P) of rows first, first + 1, ... into form (H, ROWS); raises top (m,) to them."""
    last, blocks = first + top.size, x.shape[0] // BLOCK
    if x.shape[0] == 2:
        for h in range(0, a.shape[0], 4):
            plane_forms(x[0, first:last], x[1, first:last], a[h : h + 4], form[h : h + 4], top)
        return
    for h in range(a.shape[0]):
        out = form[h, : top.size]
        out[:] = a[h, 0]
        for b in range(blocks):
            square_form(x, BLOCK * b, first, a[h, 1 + 20 * b :], out)
            for c in range(b):
                at = 1 + 20 * blocks + 25 * (b * (b - 1) // 2 + c)
                cross_form(x, BLOCK * b, BLOCK * c, first, a[h, at:], out)
        for j in range(top.size):
            top[j] = max(top[j], out[j])


@compiled()
def add_sums(x: Floats, first: int, r: Floats, total: Floats, out: Floats, work: Floats) -> None:
    """Add the sums of r (H, ROWS) times total (m,), placed like coefficients, to out (H, P).

    work (6, ROWS) is for the plane.
    """
    m, blocks = total.size, x.shape[0] // BLOCK
    if x.shape[0] == 2:
        plane_products(total, x[0, first : first + m], x[1, first : first + m], work)
        for h in range(r.shape[0]):
            plane_sums(r[h, :m], work, out[h])
        return
    for h in range(r.shape[0]):
        out[h, 0] += scale(r[h, :m], total)
        for b in range(blocks):
            square_sums(x, BLOCK * b, first, r[h, :m], out[h, 1 + 20 * b :])
            for c in range(b):
                at = 1 + 20 * blocks + 25 * (b * (b - 1) // 2 + c)
                cross_sums(x, BLOCK * b, BLOCK * c, first, r[h, :m], out[h, at:])


@compiled()
def places(d: int) -> Ints:
    """Where 1, x_i, and x_i x_l for l <= i, lie among the P coefficients: (1 + d + d (d + 1) / 2,).

    One after the other in the plane; else blocks of five, then pairs of blocks.
    """
    at = np.arange(1 + d + d * (d + 1) // 2)
    blocks = -(-d // BLOCK)
    for i in range(d if d > 2 else 0):
        b, row = i // BLOCK, i % BLOCK
        at[1 + i] = 1 + 20 * b + row
        for l in range(i + 1):
            c, column = l // BLOCK, l % BLOCK
            place = 6 + 20 * b + row * (row + 1) // 2 + column
            if c < b:
                pair = b * (b - 1) // 2 + c
                place = 1 + 20 * blocks + 25 * pair + BLOCK * row + column
            at[1 + d + i * (i + 1) // 2 + l] = place
    if d == 1:
        at[2] = 3
    return at


@compiled()
def n_places(d: int) -> int:
    """P, the number of coefficients with those that fill up."""
    blocks = -(-d // BLOCK)
    return 6 if d <= 2 else 1 + 20 * blocks + 25 * (blocks * (blocks - 1) // 2)


@compiled()
def filled_up(x: Floats) -> Floats:
    """Columns x (d, n) with columns of zeros up to two, or to a whole number of blocks: (D, n)."""
    d = x.shape[0]
    out = np.zeros((2 if d <= 2 else BLOCK * -(-d // BLOCK), x.shape[1]))
    out[:d] = x
    return out


@compiled()
def whole_sums(x: Floats, weight: Floats) -> Floats:
    """sum_j w_j (1, x_i, x_i x_l) over the rows of columns filled up (D, n): (P,)."""
    out = np.zeros((2, n_places(x.shape[0])))
    r, work = np.zeros((2, ROWS)), np.empty((6, ROWS))
    for first in range(0, x.shape[1], ROWS):
        m = min(ROWS, x.shape[1] - first)
        r[0, :m] = 1.0
        if weight.size:
            r[0, :m] = weight[first : first + m]
        add_sums(x, first, r, np.ones(m), out, work)
    return out[0]


Common = tuple[Floats, Floats, Ints, Floats]
"""What a pass needs of the rows: columns filled up, their sums, places, and max |x_i| (d,)."""


def common_of(x: Floats, weight: Floats) -> Common:
    """What the passes of a fit share, of centred columns x (d, n)."""
    columns = filled_up(x)
    return columns, whole_sums(columns, weight), places(x.shape[0]), np.abs(x).max(axis=1)


@compiled()
def suits(reach: Floats, means: Floats, p: Floats) -> bool:
    """Whether no row lies wider than WIDEST about any component; reach (d,) is max |x_i|."""
    k, d = means.shape
    for h in range(k):
        length = 0.0
        for i in range(d):
            side = 0.0
            for l in range(i + 1):
                side += abs(p[h, i, l]) * (reach[l] + abs(means[h, l]))
            length += side * side
        if not length <= WIDEST:
            return False
    return k <= MOST_COMPONENTS


@compiled()
def coefficients(means: Floats, p: Floats, c: Floats, at: Ints, out: Floats) -> None:
    """Forms c - |p (x - mean)|^2 of every component, in units of ln 2, into out (k, P)."""
    k, d = means.shape
    for h in range(k):
        out[h, at[0]] = c[h] * LOG2_E
        for i in range(d):
            for l in range(i + 1):
                a = 0.0
                for s in range(i, d):
                    a += p[h, s, i] * p[h, s, l]
                a *= LOG2_E
                twice = a if i == l else 2 * a
                out[h, at[1 + d + i * (i + 1) // 2 + l]] = -twice
                out[h, at[0]] -= twice * means[h, i] * means[h, l]
                out[h, at[1 + i]] += 2 * a * means[h, l]
                if i != l:
                    out[h, at[1 + l]] += 2 * a * means[h, i]


@compiled()
def common_pass(
    common: Common,
    weight: Floats,
    parameters: tuple[Floats, Floats, Floats, Floats],
    work: Floats,
    out: Floats,
) -> float:
    """Expectation step and sums about 0 over all rows; returns sum_j w_j log p(x_j) in nats.

    weight (n,) or (0,); parameters weights (k,), means (k, d), p (k, d, d), c (k,); work
    (k + 4, ROWS). Fills out (k, F) with (sum r, sum r x_i, sum r x_i x_l for l <= i).
    """
    x, whole, at = common[0], common[1], common[2]
    weights, means, p, c = parameters
    k, last = weights.size, np.argmax(weights)
    # Filled up to fours for the plane, whose loops take so many at once.
    forms = np.zeros((k + 3, whole.size))
    coefficients(means, p, c, at, forms)
    heaviest = forms[last].copy()
    forms[last] = forms[k - 1]
    for h in range(k - 1):
        forms[h] -= heaviest
    forms[k - 1] = 0.0
    others = k - 1 if x.shape[0] > 2 else (k + 2) // 4 * 4
    sums = np.zeros((others, whole.size))
    form, n, bound, products = work[:others], x.shape[1], 0.0, np.empty((6, ROWS))
    for first in range(0, n, ROWS):
        m = min(ROWS, n - first)
        top, total = work[others, :m], work[others + 1, :m]
        top[:] = 0.0
        add_forms(x, first, forms[:others], form, top)
        if k == 2:
            set_powers(form[0, :m], top, total)
        else:
            for j in range(m):
                total[j] = exp2_nonpositive(-top[j])
            for h in range(k - 1):
                add_powers(form[h, :m], top, total)
        part = weight[first : first + m]
        bound += add_logs(top, total, part)
        turn_to_weights(total, part)
        add_sums(x, first, form, total, sums, products)
    for i in range(at.size):
        out[k - 1, i] = whole[at[i]]
        bound += heaviest[at[i]] * whole[at[i]]
        for h in range(k - 1):
            out[h, i] = sums[h, at[i]]
            out[k - 1, i] -= out[h, i]
        out[last, i], out[k - 1, i] = out[k - 1, i], out[last, i]
    return bound * LN2
