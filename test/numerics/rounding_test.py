#!/usr/bin/env python3
"""rounding.py against the check values of the DeepSeek-V4 specification, the formats'
definitions and ties.

usage: rounding_test.py
"""
import pathlib, sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))
import harness
import checkpoint, rounding

TYPES = (np.float32, np.float64)


def expect(found, expected, what=""):
    found, expected = np.asarray(found, np.float64), np.asarray(expected, np.float64)
    assert found.shape == expected.shape and (found == expected).all(), f"{what}: expected {expected}, got {found}"


def bf16_ties_and_neighbours():
    one, ulp = 1.0, 2.0**-7
    for x, y in ((one, one), (one + ulp / 2, one), (one + 1.5 * ulp, one + 2 * ulp),
                 (one + ulp / 2 + 2**-20, one + ulp), (one + ulp / 2 - 2**-20, one),
                 (2.75 * 2.0**-133, 3 * 2.0**-133), (2.5 * 2.0**-133, 2 * 2.0**-133), (0.0, 0.0)):
        for kind in TYPES:
            expect(rounding.bf16(np.array([x, -x], kind)), [y, -y], f"bf16({x})")
    assert rounding.bf16(np.zeros(2, np.float64)).dtype == np.float64


def bf16_of_every_bf16():
    codes = np.arange(1 << 16, dtype=np.uint32)
    x = (codes << 16).view(np.float32)
    x = x[np.isfinite(x)]
    expect(rounding.bf16(x), x)


def every_code(element, values):
    """Each value of the format is itself, and halfway goes to the even code."""
    for kind in TYPES:
        v = values.astype(kind)
        expect(element(v), v)
        expect(element(-v), -v)
        half = (v[:-1] + v[1:]) / 2  # exact: one more bit
        even = np.where(np.arange(len(half)) % 2 == 0, v[:-1], v[1:])
        expect(element(half), even, "ties")
        for side, to in ((-1, v[:-1]), (1, v[1:])):
            expect(element(np.nextafter(half, kind(side * np.inf))), to, "beside a tie")


def e4m3_codes():
    """Written from the bits: 4 of exponent (bias 7), 3 of mantissa; 0x7f is NaN."""
    values = [(m / 8 * 2.0**-6 if e == 0 else (1 + m / 8) * 2.0**(e - 7)) for e in range(16) for m in range(8)][:127]
    assert values[-1] == 448
    every_code(rounding.e4m3, np.array(values))
    decoded = checkpoint.E4M3
    expect(decoded[:127], values)
    expect(decoded[128:255], [-v for v in values])
    assert np.isnan(decoded[[127, 255]]).all()


def e2m1_codes():
    every_code(rounding.e2m1, np.array([0, .5, 1, 1.5, 2, 3, 4, 6]))
    for x, y in ((.25, 0), (.75, 1), (1.25, 1), (1.75, 2), (2.5, 2), (3.5, 4), (5, 4)):
        expect(rounding.e2m1(np.array([x, -x])), [y, -y], f"e2m1({x})")


def r8_scales():
    for largest, exponent in ((1e-6, -22), (1.0, -8), (3.5, -7), (448, 0), (449, 1)):
        floored = max(largest, rounding.FP8_FLOOR)
        found = int(rounding.scale_exponent(np.float32(floored), 448))
        assert found == exponent, f"R8 of {largest}: 2^{exponent} expected, got 2^{found}"
    # One scale of 2^-8: 1 is 256 steps of it, 2^-18 is half of E4M3's smallest.
    x = np.array([[1.0, 2**-17, 3 * 2**-18, 2**-18, -0.3]])
    expect(rounding.r8(x, 8), [[1.0, 2**-17, 2**-16, 0, -0.3125]])


def r4_scales():
    for largest, exponent, top in ((0, -126, 0), (1.0, -2, 1.0), (5.0, 0, 4.0), (6.0, 0, 6.0), (6.5, 1, 6.0)):
        floored = max(largest, rounding.FP4_FLOOR)
        found = int(rounding.scale_exponent(np.float32(floored), 6))
        assert found == exponent, f"R4 of {largest}: 2^{exponent} expected, got 2^{found}"
        for kind in TYPES:
            expect(rounding.r4(np.array([[largest, 0]], kind), 2), [[top, 0]], f"R4 of {largest}")


def groups_have_their_own_scales():
    x = np.array([[448.0, 1.0, 1.0 / 3, 1.0 / 3, 1.0 / 3]])
    y = rounding.r8(x, 2)
    assert y[0, 1] == 1 and y[0, 2] == y[0, 3] == y[0, 4] == rounding.e4m3(256 * x[:, 2:3] / 3 * 3)[0, 0] / 256
    alone = rounding.r8(x[:, 4:], 2)  # the last group is short
    assert y[0, 4] == alone[0, 0]
    tiny = rounding.r8(np.array([[448.0, 2.0**-11]]), 2)
    expect(tiny, [[448, 0]], "a small value beside a large one")
    expect(rounding.r8(np.array([[448.0, 2.0**-11]]), 1), [[448, 2.0**-11]])


def hadamard_is_sylvesters():
    expect(rounding.hadamard(np.eye(4)), np.array([[1, 1, 1, 1], [1, -1, 1, -1], [1, 1, -1, -1], [1, -1, -1, 1]]) / 2)
    x = np.random.default_rng(1).normal(size=(3, 64))
    assert np.abs(rounding.hadamard(rounding.hadamard(x)) - x).max() < 1e-12
    try:
        rounding.hadamard(np.zeros(24))
    except ValueError:
        return
    raise AssertionError("24 channels were taken")


TESTS = [bf16_ties_and_neighbours, bf16_of_every_bf16, e4m3_codes, e2m1_codes, r8_scales, r4_scales,
         groups_have_their_own_scales, hadamard_is_sylvesters]

if __name__ == "__main__":
    sys.exit(harness.main([(t.__name__, t) for t in TESTS]))
