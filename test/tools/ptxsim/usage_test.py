#!/usr/bin/env python3
"""Wrong usage of every verb, arguments that do not fit, and output that cannot
be written: a sentence, the documented exit code, no half-written file.

usage: usage_test.py BIN_FOLDER
"""
import os, re, resource, signal, sys, time

import numpy as np

from program import CORPUS, KERNELS, Program, harness

program = Program(sys.argv)
SAXPY = KERNELS / "saxpy.ptx"
X = program.npy("x.npy", np.arange(64, dtype="f4"))
Y = program.npy("y.npy", np.arange(64, dtype="f4"))
Z = program.path("z.npy")
ARGUMENTS = ("f32:2", f"in:{X}", f"inout:{Y}:{Z}", "u32:64")


def run(*flags, arguments=ARGUMENTS, file=SAXPY, grid="2", block="32"):
    given = ["--grid", grid] if grid is not None else []
    given += ["--block", block] if block is not None else []
    return ("run", file, *given, *(w for a in arguments for w in ("--arg", a)), *flags)


def with_argument(index, text):
    return run(arguments=[text if i == index else a for i, a in enumerate(ARGUMENTS)])


def header(text, data=b""):
    text = text.encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + data


def cases():
    """(name, words, exit code, sentence)"""
    yield "no verb", (), 2, "expected a verb"
    yield "unknown verb", ("rum", SAXPY), 2, r'unknown verb "rum"; did you mean run\?'
    yield "control characters in a verb", ("a\x1b[31m\nb",), 2, r'unknown verb "a\\x1b\[31m\\x0ab"'
    for verb in ("list", "run"):
        yield f"{verb} of nothing", (verb,), 2, f"^sluice-ptxsim {verb}: expected (FILE|--grid|--block)$"
    more = ("--grid", 1, "--block", 1)
    for verb, flags in (("list", ()), ("run", more)):
        yield f"{verb}, unknown flag", (verb, SAXPY, *flags, "--jsom"), 2, r'unknown flag "--jsom"; did you mean --json\?'
        yield f"{verb} of a file that is not there", (verb, "/nonexistent/x.ptx", *flags), 3, "No such file"
        yield f"{verb} of a folder", (verb, program.folder, *flags), 3, "director|regular file"
        yield f"{verb} of an empty file", (verb, program.path("empty", b""), *flags), 3, r"empty:1:1: .*\.version"
        yield f"{verb} of something else", (verb, X, *flags), 3, r"x\.npy:1:1: "
    yield "explain, what is left out", ("explain", "cp.async.bulk"), 2, r'"cp.async.bulk" is not modelled: this simulator leaves out bulk and tensor copies \(TMA\)'
    yield "explain, an argument too many", ("explain", "add", "sub"), 2, 'unknown argument "sub"'
    yield "a value for a flag", run("--json=no"), 2, "--json takes no value"

    yield "no grid", run(grid=None), 2, "expected --grid"
    yield "no block", run(block=None), 2, "expected --block"
    for text in ("", "a", "1,", ",1", "1,2,3,4", "-1", "1.5", "4294967296", "1 2", "0x10"):
        yield f"grid {text!r}", run(f"--grid={text}", grid=None) if text else run(grid=""), 2, \
            "--grid: expected (one to three whole numbers below|a value)"
    yield "grid of none", run(grid="0"), 2, "saxpy: expected 1 to 2147483647 blocks in direction x, found 0"
    yield "a grid that no GPU takes", run(grid="4294967295"), 2, "expected 1 to 2147483647 blocks in direction x, found 4294967295"
    yield "a high grid", run(grid="1,65536"), 2, "expected 1 to 65535 blocks in direction y, found 65536"
    yield "a block too large", run(block="1025"), 2, "expected 1 to 1024 threads in direction x, found 1025"
    yield "a block too large in sum", run(block="32,33"), 2, "at most 1024 threads in a block, found 1056"
    yield "a block that .reqntid forbids", run(file=KERNELS / "reverse.ptx", block="32", arguments=(f"in:{X}", "out::i32:64")), 2, \
        "reqntid asks for blocks of 64x1x1"
    yield "a block that .maxntid forbids", run(file=CORPUS / "gemm_bf16_mma.sm_80.ptx", block="256", arguments=(
        f"in:{X}", f"in:{X}", "out::f32:1", "i32:1", "i32:1", "i32:1")), 2, "at most 128 threads in a block, found 256"
    for text in ("", "-1", "1.5", "K", "4KB", "1T1", "18446744073709551616", "18014398509481984K"):
        yield f"smem {text!r}", run("--smem", text), 2, "--smem: expected bytes such as 4096 or 48K"
    for text in ("1T", "228K", "18446744073709551615"):
        yield f"smem {text}", run("--smem", text), 2, "expected at most 232448 bytes of shared memory, found 0 static and"
    for flag, word, near in (("--check", "race", "races"), ("--check", "al", "all"), ("--async", "latte", "late"),
                             ("--schedule", "producer", ""), ("--matrix", "fas", "fast"),
                             ("--approx", "exac", "exact")):
        yield f"{flag} {word}", run(flag, word), 2, f'{flag}: expected .*, found "{word}"' + (f"; did you mean {near}" if near else "$")
    yield "check, an empty name", run("--check=races,"), 2, '--check: expected all, none, .*, found ""'
    for flag in ("--async", "--schedule"):
        for seed in ("", "x", "-1", "1.5", "18446744073709551616"):
            yield f"{flag} random:{seed}", run(f"{flag}=random:{seed}"), 2, f"{flag}: expected a seed such as random:7"
    yield "two seeds", run("--async=random:1", "--schedule=random:2"), 2, "one seed serves --async, --schedule and --approx, found 1 and 2"
    for flag, word in (("--threads", "0"), ("--threads", "257"), ("--max-instructions", "-1"), ("--max-instructions", "x")):
        yield f"{flag} {word}", run(f"{flag}={word}"), 2, f"{flag}: expected a whole number of "
    for word in ("x", "", "1,5"):
        yield f"timeout {word!r}", run("--timeout", word), 2, "--timeout: expected a number"
    for word in ("-1", "nan"):
        yield f"timeout {word}", run(f"--timeout={word}"), 2, "--timeout: expected seconds of at least 0"
    yield "an unknown kernel", run("--kernel", "sxpy"), 2, r'has no kernel "sxpy"; did you mean saxpy\?'
    yield "a kernel like no other", run("--kernel", "gemm"), 2, 'has no kernel "gemm"; it has saxpy'
    yield "a kernel of two", run(file=CORPUS / "transpose.sm_80.ptx"), 2, "name one of the kernels with --kernel: transposeConflicted, transposePadded"
    yield "no kernel", run(file=program.path("none.ptx", ".version 7.0\n.target sm_80\n.address_size 64\n")), 3, "expected a kernel .*found none"

    yield "an argument too few", run(arguments=ARGUMENTS[:3]), 2, r"saxpy has 4 parameters, found 3 --arg; the first without one is n \(.u32, 4 bytes\)"
    yield "an argument too many", run(arguments=(*ARGUMENTS, "i32:7")), 2, r'saxpy has 4 parameters, found 5 --arg; the first too many is "i32:7"'
    for text in ("", ":", "5", "pointer:x"):
        yield f"argument {text!r}", with_argument(0, text), 2, "--arg: (expected in:FILE, .* or a number such as i32:5|a value)|--arg: expected a value"
    yield "an argument that is nearly one", with_argument(0, "f3:1"), 2, r'--arg: unknown "f3" in "f3:1"; did you mean f32\?'
    yield "control characters in an argument", with_argument(0, "\x1b[31m\n:5"), 2, r'found "\\x1b\[31m\\x0a:5"'
    for name, words in (("i8", ("128", "-129", "", "x", "1.5", " 1", "+1", "0x", "0x100")), ("u8", ("256", "-1")), ("i16", ("32768",)),
                        ("u16", ("65536",)), ("i32", ("2147483648", "-2147483649")), ("u32", ("4294967296",)),
                        ("i64", ("9223372036854775808",)), ("u64", ("18446744073709551616", "0x1ffffffffffffffff")), ("b32", ("-1", "1.0"))):
        for word in words:
            yield f"{name}:{word}", with_argument(3, f"{name}:{word}"), 2, f"--arg: expected a whole number that {name[1:]} bits hold"
    for word in ("", "x", "1,5", "1f", "1e999"):
        yield f"f32:{word}", with_argument(0, f"f32:{word}"), 2, "--arg: expected a number such as f32:0.5"
    yield "a number too wide", with_argument(3, "u64:1"), 2, r'--arg "u64:1": n \(.u32, 4 bytes\) takes 4 bytes, and u64 has 8'
    yield "a number too narrow", with_argument(0, "bf16:1"), 2, r"a \(.f32, 4 bytes\) takes 4 bytes, and bf16 has 2"
    yield "an integer for a float", with_argument(0, "i32:2"), 2, r"a \(.f32, 4 bytes\) takes a floating-point number, or b32: with its bits"
    yield "a float for an integer", with_argument(3, "f32:64"), 2, r"n \(.u32, 4 bytes\) takes an integer, or b32: with its bits"
    yield "memory for a number", with_argument(3, f"in:{X}"), 2, r"n \(.u32, 4 bytes\) takes a number"
    yield "a value that is too long", with_argument(3, f"value:{X}"), 2, "expected 4 bytes for n, found 256"
    for text in ("in:", "value:"):
        yield text, with_argument(1, text), 2, f"--arg: expected {text}FILE, found"
    for text in ("inout:", "inout:x", "inout:x:", "inout::x", "inout:a:b:c"):
        yield text, with_argument(2, text), 2, "--arg: expected inout:FROM:TO"
    for text in ("out:", "out:x", "out:x:f32", "out:f32:3", "zeros:x:3"):
        kind = text.split(":")[0]
        yield text, with_argument(2, text), 2, f"--arg: expected ({kind}:FILE:TYPE:SHAPE such as|one of the types)"
    yield "an output of an unknown type", with_argument(2, "out:z.npy:float:3"), 2, "--arg: expected one of the types i8, u8, .*, found"
    for shape in ("", "x", "3x", "x3", "3,4", "-3", "3x-4", "3.5", "18446744073709551616"):
        yield f"an output of shape {shape!r}", with_argument(2, f"out:z.npy:f32:{shape}"), 2, "--arg: expected a shape such as 256x256"
    for shape in ("1099511627777", "4294967296x4294967296x4294967296", "1048576x1048576"):
        yield f"an output of {shape}", with_argument(2, f"out:z.npy:f32:{shape}"), 2, "--arg: an array of .* f32 is beyond 2.40 bytes"
    yield "an output that no memory holds", with_argument(2, "out:z.npy:u8:1099511627776"), 5, \
        r"expected at most \d+ bytes of global memory, found 1099511627776 for y"

    yield "an input that is not there", with_argument(1, "in:/nonexistent.npy"), 3, "No such file"
    for name, data, sentence in (
            ("no array", b"PK\x03\x04 and so on", "expected an .npy file"), ("nothing", b"", "expected an .npy file"),
            ("half a header", header("{'descr': '<f4', ")[:20], "expected an .npy file"),
            ("big endian", header("{'descr': '>f4', 'fortran_order': False, 'shape': (1,), }", b"1234"), "expected little-endian numbers .* found \"'>f4'\""),
            ("objects", header("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", b"1234"), "expected little-endian numbers"),
            ("records", header("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }", b"1234"), "expected little-endian numbers"),
            ("Fortran", header("{'descr': '<f4', 'fortran_order': True, 'shape': (1, 1), }", b"1234"), "expected an array in C order"),
            ("no shape", header("{'descr': '<f4', 'fortran_order': False, }", b"1234"), "expected a shape such as"),
            ("an open shape", header("{'descr': '<f4', 'fortran_order': False, 'shape': (1, ", b"1234"), "expected a shape such as"),
            ("a shape below 0", header("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }", b"1234"), "expected a shape such as"),
            ("a cut array", X.read_bytes()[:-1], "the shape says 64 elements, found 255 bytes of 4 each"),
            ("a shape beyond 2^64", header("{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296), }", b""), "the shape says")):
        path = program.path(name.replace(" ", "-") + ".npy", data)
        yield f"an input with {name}", with_argument(1, f"in:{path}"), 3, f"{re.escape(str(path))}: {sentence}"

    full = "/dev/full"
    folder = program.folder
    yield "an output on a full device", (*with_argument(2, f"inout:{Y}:{full}"), "-q"), 8, "/dev/full.*No space left"
    yield "an output in no folder", with_argument(2, f"inout:{Y}:{folder}/none/z.npy"), 8, "No such file"
    yield "an output that is a folder", with_argument(2, f"inout:{Y}:{folder}"), 8, "Is a directory"
    yield "an output in the PTX file's place", with_argument(2, f"inout:{Y}:{SAXPY}"), 2, "would take the place of the PTX file"
    yield "an output in an input's place", with_argument(2, f"inout:{Y}:{X}"), 2, "would take the place of an input"
    yield "two outputs in one file", run(file=KERNELS / "reverse.ptx", block="64", arguments=(
        f"zeros:{Z}:i32:64", f"out:{folder}/../{folder.name}/z.npy:i32:64")), 2, "would take the place of another output"


def helps():
    assert program.run("--version")[0].startswith("sluice-ptxsim ")
    for words in (("--help",), *((verb, flag) for verb in ("list", "run", "explain") for flag in ("--help", "-h"))):
        out, err = program.run(*words)
        assert "sluice-ptxsim" in out and "--help" in out and err == "", words
        assert len(words) == 1 or "Examples:" in out
        with open("/dev/full", "wb") as full:
            program.refuses(words, 8, "cannot write to standard output", stdout=full)


WRITERS = (("list", SAXPY), ("list", SAXPY, "--json"), ("explain",), ("explain", "mma", "--json"), run("--json"), run("--report", "-q"))


def standard_output():
    for words in WRITERS:
        with open("/dev/full", "wb") as full:
            program.refuses(words, 8, "cannot write to standard output: No space left", stdout=full)
        read, write = os.pipe()
        os.close(read)
        program.refuses(words, 8, "standard output was closed by its reader", stdout=write)
        os.close(write)


def files_stay():
    """What cannot be written leaves what was there, and nothing else."""
    folder = program.path("out")
    folder.mkdir()
    old = folder / "z.npy"
    old.write_bytes(b"old")
    limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
    program.refuses(with_argument(2, f"inout:{Y}:{old}"), 8, "File too large", preexec_fn=limit)
    program.refuses(run("--kernel=none", arguments=("f32:1", f"in:{X}", f"inout:{Y}:{old}", "u32:1")), 2, "no kernel")
    program.refuses(run(grid="0", arguments=("f32:1", f"in:{X}", f"inout:{Y}:{old}", "u32:1")), 2, "expected 1 to")
    assert old.read_bytes() == b"old" and os.listdir(folder) == ["z.npy"], os.listdir(folder)


def interrupts():
    folder = program.path("interrupted")
    folder.mkdir()
    endless = program.path("endless.ptx", ".version 7.0\n.target sm_80\n.address_size 64\n"
                           ".visible .entry endless(.param .u64 p)\n{\n$again:\n  bra $again;\n}\n")
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        for threads in (1, 3):
            process = program.start("run", endless, "--grid", 3, "--block", 32, "--check=none", "--threads", threads,
                                    "--arg", f"out:{folder}/x.npy:f32:4")
            time.sleep(0.5)
            assert process.poll() is None, "ended by itself"
            process.send_signal(number)
            assert process.wait(60) == -number, process.returncode
            assert os.listdir(folder) == [], os.listdir(folder)


def refused(words, code, sentence):
    return lambda: program.refuses(words, code, sentence)


sys.exit(harness.main([(name, refused(words, code, sentence)) for name, words, code, sentence in cases()] + [
    ("helps", helps), ("standard output", standard_output), ("files stay", files_stay), ("interrupts", interrupts)]))
