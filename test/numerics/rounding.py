"""Roundings of the numeric modes, on arrays of float32 or float64: the result has
the type of the argument and values of the narrower format. All to nearest even.
"""
import numpy as np

FP8_LARGEST, FP8_FLOOR = 448.0, 1e-4
FP4_LARGEST, FP4_FLOOR = 6.0, 6 * 2.0**-126
E2M1_VALUES = np.array([0, .5, 1, 1.5, 2, 3, 4, 6])


def bf16(x):
    bits = np.ascontiguousarray(x, np.float32).view(np.uint32)
    bits = (bits + 0x7fff + (bits >> 16 & 1)) & np.uint32(0xffff0000)
    return bits.view(np.float32).astype(np.asarray(x).dtype)


def to_steps(x, mantissa_bits, smallest_exponent):
    """x on the grid of a float format without a largest value."""
    _, exponent = np.frexp(x)  # |x| in [2^(exponent-1), 2^exponent)
    step = np.exp2(np.maximum(exponent - 1, smallest_exponent) - mantissa_bits).astype(x.dtype)
    return np.rint(x / step) * step


def e4m3(x):
    """|x| at most 448."""
    return to_steps(x, 3, -6)


def e2m1(x):
    """|x| at most 6."""
    return to_steps(x, 1, 0)


def scale_exponent(largest, limit):
    """ceil(log2(largest / limit)), of the float32 product with float32(1 / limit)."""
    product = np.float32(largest) * np.float32(1 / limit)
    mantissa, exponent = np.frexp(product)  # mantissa in [0.5, 1)
    return np.where(mantissa == 0.5, exponent - 1, exponent)


def in_groups(x, group, floor, limit, element):
    """x with each `group` neighbours of the last axis in `element` times their own
    power of two; the last group may be short."""
    out = np.empty_like(x)
    for begin in range(0, x.shape[-1], group):
        part = x[..., begin:begin + group]
        largest = np.maximum(np.abs(part).max(-1, keepdims=True), floor)
        scale = np.exp2(scale_exponent(largest, limit).astype(x.dtype))
        out[..., begin:begin + group] = element(np.clip(part / scale, -limit, limit)) * scale
    return out


def r8(x, group):
    return in_groups(x, group, FP8_FLOOR, FP8_LARGEST, e4m3)


def r4(x, group):
    return in_groups(x, group, FP4_FLOOR, FP4_LARGEST, e2m1)


def hadamard(x):
    """Walsh-Hadamard transform of the last axis (Sylvester's order) over the root of
    its size, a power of two."""
    size = x.shape[-1]
    if size & (size - 1):
        raise ValueError(f"expected a power of two of channels, got {size}")
    matrix = np.ones((1, 1), x.dtype)
    while len(matrix) < size:
        matrix = np.block([[matrix, matrix], [matrix, -matrix]])
    return x @ matrix * x.dtype.type(size**-.5)


class Rules:
    """The roundings of a mode. A name in `without` leaves that one out; `groups`
    replaces sizes of groups. Both exist to see that a check notices."""

    GROUPS = {"input": 128, "row": 64, "index": 32}

    def __init__(self, mode, without=(), groups=None):
        assert mode in ("exact", "bf16", "native"), mode
        self.mode, self.without, self.seen = mode, frozenset(without), set()
        self.groups = {**self.GROUPS, **(groups or {})}

    def applies(self, name, native=False):
        """Does the mode have this rule, here?"""
        if self.mode == "exact" or native and self.mode != "native":
            return False
        self.seen.add(name)
        return name not in self.without

    def value(self, name, x):
        """x as the result `name` of an op."""
        return bf16(x) if self.applies(name) else x

    def input(self, name, x, weight_is_quantized):
        """x as the input `name` of a product."""
        if weight_is_quantized and self.applies(f"r8 {name}", native=True):
            return bf16(r8(x, self.groups["input"]))
        return x

    def row(self, name, x, rotated):
        """Rows as attention's state keeps them; the last `rotated` channels stay."""
        if not self.applies(f"r8 {name}", native=True):
            return x
        plain = bf16(r8(x[..., :-rotated], self.groups["row"]))
        return np.concatenate([plain, x[..., -rotated:]], -1)

    def index(self, name, x):
        """Index queries or keys, [.., channels of a head]."""
        if self.applies(f"hadamard {name}", native=True):
            x = self.value(f"hadamard's result {name}", hadamard(x))
        if self.applies(f"r4 {name}", native=True):
            x = bf16(r4(x, self.groups["index"]))
        return x
