#!/usr/bin/env python3
"""Kernels on arrays, held against numpy: in all modes, with every kind of
argument.

usage: run_test.py BIN_FOLDER
"""
import itertools, sys

import numpy as np

from program import CORPUS, KERNELS, Program, harness, same

program = Program(sys.argv)
random = np.random.default_rng(4)
MODES = list(itertools.product(
    (("--check=none", "--threads=1"), ("--check=none", "--threads=3"), ("--check=all",), ("--check=races,in-flight",)),
    ("late", "early", "random:7"), ("round-robin", "producer-last", "random:7")))


def in_all_modes(check):
    for (checks, asynchrony, schedule) in MODES:
        check(*checks, f"--async={asynchrony}", f"--schedule={schedule}")


def bf16(values):
    """Of numbers that bf16 holds, their bits."""
    bits = values.astype(np.float32).view(np.uint32)
    assert not (bits & 0xFFFF).any()
    return (bits >> 16).astype(np.uint16)


def saxpy():
    x, y = random.integers(-8, 8, (2, 1000)).astype("f4")
    X, Y, Z = program.npy("x.npy", x), program.npy("y.npy", y), program.path("z.npy")

    def check(*flags):
        Z.unlink(missing_ok=True)
        out, err = program.launch(KERNELS / "saxpy.ptx", 8, 128, ["f32:2.5", f"in:{X}", f"inout:{Y}:{Z}", "u32:1000"], *flags)
        same(out, "")
        assert "saxpy: 8 blocks of 128 threads" in err and "no findings" in err, err
        z = np.load(Z)
        same(z.dtype, np.dtype("<f4"))
        assert np.array_equal(z, np.float32(2.5) * x + y)
    in_all_modes(check)
    same(np.load(Y).tolist(), y.tolist(), "the input")
    # In place, a few elements only, and quietly.
    same(program.launch(KERNELS / "saxpy.ptx", 1, 32, ["f32:-1", f"in:{X}", f"inout:{Y}:{Y}", "u32:7"], "-q"), ("", ""))
    changed = y.copy()
    changed[:7] -= x[:7]
    assert np.array_equal(np.load(Y), changed)


def gemm():
    a, b = random.integers(-4, 5, (64, 96)) / 4, random.integers(-4, 5, (96, 72)) / 4
    A, B, C = program.npy("ga.npy", bf16(a)), program.npy("gb.npy", bf16(b)), program.path("gc.npy")
    for kernel, grid in (("gemm_bf16_mma", "2,1"), ("gemm_bf16_wmma", "3,2")):
        for target in ("sm_80", "sm_90"):
            def check(*flags):
                C.unlink(missing_ok=True)
                program.launch(CORPUS / f"{kernel}.{target}.ptx", grid, 128,
                               [f"in:{A}", f"in:{B}", f"out:{C}:f32:64x72", "i32:64", "i32:72", "i32:96"], *flags)
                assert np.array_equal(np.load(C), a @ b), kernel  # sums of eighths are exact in any order
            if kernel == "gemm_bf16_mma":
                in_all_modes(check)
            check("--matrix=wide")


def softmax():
    x = random.normal(size=(3, 500)).astype("f4")
    X, Y = program.npy("sx.npy", x), program.path("sy.npy")
    program.launch(CORPUS / "softmax.sm_90.ptx", 3, 96, [f"in:{X}", f"out:{Y}:f32:3x500", "i32:500"], "--smem", 2000)
    e = np.exp(x - x.max(1, keepdims=True).astype("f8"))
    np.testing.assert_allclose(np.load(Y), e / e.sum(1, keepdims=True), rtol=2.0**-18)
    exact = np.load(Y)

    def moved(seed):
        program.launch(CORPUS / "softmax.sm_90.ptx", 3, 96, [f"in:{X}", f"out:{Y}:f32:3x500", "i32:500"],
                       "--smem=2K", f"--approx=random:{seed}")
        return np.load(Y)
    once, again, other = moved(1), moved(1), moved(2)
    assert np.array_equal(once, again) and not np.array_equal(once, other) and not np.array_equal(once, exact)
    np.testing.assert_allclose(once, e / e.sum(1, keepdims=True), rtol=2.0**-18)


def histogram():
    values = random.integers(0, 256, 5000).astype("u1")
    V, H = program.npy("hv.npy", values), program.path("h.npy")
    program.launch(CORPUS / "histogram.sm_80.ptx", 3, 128, [f"in:{V}", f"zeros:{H}:u32:256", "i32:5000"])
    same(np.load(H).tolist(), np.bincount(values, minlength=256).tolist())


def scan():
    """Memory that is neither read nor saved: scratch."""
    values = random.integers(0, 1 << 32, 1500, dtype="u4")
    V, S = program.npy("cv.npy", values), program.path("c.npy")
    arguments = [f"in:{V}", f"out:{S}:u32:1500", "zeros::u32:1", "zeros::u32:6", "out::u32:6", "i32:1500"]
    program.launch(CORPUS / "scan.sm_80.ptx", 6, 256, arguments)
    assert np.array_equal(np.load(S), np.cumsum(values, dtype="u4"))


def transpose():
    x = random.normal(size=(40, 70)).astype("f4")
    X, Y = program.npy("tx.npy", x), program.path("ty.npy")
    for kernel in ("transposePadded", "transposeConflicted"):
        program.launch(CORPUS / "transpose.sm_80.ptx", "3,2", "32,8", [f"in:{X}", f"out:{Y}:f32:70x40", "i32:40", "i32:70"],
                       "--kernel", kernel)
        assert np.array_equal(np.load(Y), x.T)


def store_kernel(parameter, bits):
    """Stores its first parameter at the second."""
    return f""".version 7.0
.target sm_80
.address_size 64
.visible .entry keep(.param .{parameter} v, .param .u64 to)
{{
  .reg .b64 %rd1;
  .reg .b{max(bits, 16)} %v;
  ld.param.u64 %rd1, [to];
  ld.param.b{bits} %v, [v];
  st.global.b{bits} [%rd1], %v;
  ret;
}}
"""


NUMBERS = [("i8", "-128", "i1"), ("u8", "255", "u1"), ("i16", "-32768", "i2"), ("u16", "0xffff", "u2"), ("i32", "-5", "i4"),
           ("u32", "4294967295", "u4"), ("i64", "-9223372036854775808", "i8"), ("u64", "18446744073709551615", "u8"),
           ("f16", "0.1", "f2"), ("f32", "-1e-3", "f4"), ("f64", "0.1", "f8"), ("f32", "inf", "f4"), ("f32", "-nan", "f4"),
           ("f16", "65520", "f2"), ("b32", "0x3f800000", "u4")]


def numbers():
    out = program.path("n.npy")
    for name, text, descr in NUMBERS:
        declared = {"i": "s", "u": "u", "f": "f", "b": "b"}[name[0]] + name[1:]
        bits = int(name[1:])
        for type_ in (declared, f"b{bits}"):
            file = program.path("keep.ptx", store_kernel(type_, bits))
            program.launch(file, 1, 1, [f"{name}:{text}", f"out:{out}:{name}:1"])
            got, = np.load(out)
            with np.errstate(over="ignore"):
                wanted = np.array(int(text, 0) if name[0] in "iub" else float(text)).astype(descr)[()]
            same(got.dtype, np.dtype(descr), text)
            assert got == wanted or (got != got and wanted != wanted), (name, text, got, wanted)
    # Nearest even, subnormal and too large.
    for text, bits in (("1.0039062", 0x3F80), ("1.01171875", 0x3F82), ("1e-40", 0x0001), ("3.4e38", 0x7F80), ("-2", 0xC000)):
        file = program.path("keep.ptx", store_kernel("b16", 16))
        program.launch(file, 1, 1, [f"bf16:{text}", f"out:{out}:bf16:1"])
        same((np.load(out).dtype, np.load(out)[0]), (np.dtype("u2"), bits), text)


def structs():
    kernel = """.version 7.0
.target sm_80
.address_size 64
.visible .entry sum(.param .align 4 .b8 v[12], .param .u64 to)
{
  .reg .b32 %r<4>;
  .reg .b64 %rd1;
  ld.param.u64 %rd1, [to];
  ld.param.u32 %r1, [v];
  ld.param.u32 %r2, [v+4];
  ld.param.u32 %r3, [v+8];
  mad.lo.u32 %r1, %r2, 100, %r1;
  mad.lo.u32 %r1, %r3, 10000, %r1;
  st.global.u32 [%rd1], %r1;
  ret;
}
"""
    file, out = program.path("struct.ptx", kernel), program.path("s.npy")
    value = program.npy("v.npy", np.array([1, 2, 3], "i4"))
    program.launch(file, 1, 1, [f"value:{value}", f"out:{out}:i32:1"])
    same(np.load(out).tolist(), [30201])
    program.refuses(("run", file, "--grid", 1, "--block", 1, "--arg", f"value:{out}", "--arg", f"out:{out}:i32:1"),
                    2, "expected 12 bytes for v, found 4")
    program.refuses(("run", file, "--grid", 1, "--block", 1, "--arg", "i32:1", "--arg", f"out:{out}:i32:1"),
                    2, r"v \(.b8, 12 bytes\) takes value:FILE")


def shapes():
    """What comes out has the type and shape that came in, or was asked for."""
    copy = program.path("copy.npy")
    nothing = program.path("nothing.ptx", ".version 7.0\n.target sm_80\n.address_size 64\n"
                           ".visible .entry nothing(.param .u64 p)\n{\n  ret;\n}\n")
    for descr in ("i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f2", "f4", "f8", "?"):
        for shape in ((), (0,), (3,), (2, 0, 5), (2, 3, 4), (1, 1, 1, 1, 1, 6)):
            array = np.arange(np.prod(shape, dtype=int)).astype(descr).reshape(shape)
            program.launch(nothing, 1, 1, [f"inout:{program.npy('shape.npy', array)}:{copy}"], "--check=none")
            got = np.load(copy)
            if descr == "?":
                got = got.astype("?")
            same((got.dtype, got.shape, got.tolist()), (array.dtype, array.shape, array.tolist()))
    for name, descr in (("i8", "i1"), ("u8", "u1"), ("i16", "i2"), ("u16", "u2"), ("i32", "i4"), ("u32", "u4"), ("i64", "i8"),
                        ("u64", "u8"), ("f16", "f2"), ("bf16", "u2"), ("f32", "f4"), ("f64", "f8")):
        program.launch(nothing, 1, 1, [f"zeros:{copy}:{name}:3x2x1"])
        got = np.load(copy)
        same((got.dtype, got.shape, got.any()), (np.dtype(descr), (3, 2, 1), False))
    _, err = program.launch(nothing, 1, 1, [f"out:{copy}:f32:3x2"])
    assert f"note: nobody wrote 24 of the 24 bytes of {copy}" in err, err


def pipes():
    """An output may go to a pipe."""
    x = program.npy("px.npy", np.arange(64, dtype="i4"))
    process = program.start("run", KERNELS / "reverse.ptx", "--grid", 1, "--block", 64, "-q", "--arg", f"in:{x}",
                            "--arg", "out:/dev/stdout:i32:64", stdout=-1)
    out = process.communicate(timeout=60)[0]
    same(process.returncode, 0)
    same(np.frombuffer(out[-256:], "i4").tolist(), list(range(63, -1, -1)))


def stored_versions():
    """numpy's newer header."""
    path = program.path("v2.npy")
    with open(path, "wb") as file:
        np.lib.format.write_array(file, np.arange(64, dtype="i4"), version=(2, 0))
    out = program.path("v2o.npy")
    program.launch(KERNELS / "reverse.ptx", 1, 64, [f"in:{path}", f"out:{out}:i32:64"])
    same(np.load(out).tolist(), list(range(63, -1, -1)))


sys.exit(harness.main([(test.__name__.replace("_", " "), test) for test in (
    saxpy, gemm, softmax, histogram, scan, transpose, numbers, structs, shapes, pipes, stored_versions)]))
