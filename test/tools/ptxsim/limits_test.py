#!/usr/bin/env python3
"""Kernels that do not end, recurse or ask for too much, and text that is no PTX:
a clear error in bounded time and memory, and no crash.

usage: limits_test.py BIN_FOLDER
"""
import re, resource, sys, time

import numpy as np

from program import CORPUS, KERNELS, Program, harness, same

program = Program(sys.argv)
HEAD = ".version 7.0\n.target sm_80\n.address_size 64\n"
MOST_BYTES = (6 if program.sanitized else 1) << 30


def kernel(name, body, before="", parameters=""):
    return program.path(f"{name}.ptx", f"{HEAD}{before}.visible .entry {name}({parameters})\n{{\n{body}\n}}\n")


def quickly(function):
    def timed():
        begin = time.monotonic()
        function()
        seconds = time.monotonic() - begin
        assert seconds < 60, f"took {seconds:.0f} s"
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
        assert peak < MOST_BYTES, f"{peak} bytes of memory"
    timed.__name__ = function.__name__
    return timed


ENDLESS = kernel("endless", "$again:\n  bra $again;")


@quickly
def instruction_limit():
    for threads in (1, 3):
        _, err = program.launch(ENDLESS, 7, 64, [], "--max-instructions=100000", f"--threads={threads}", code=7)
        assert "endless: instruction-limit: more than 100000 warp instructions" in err, err
        assert re.search(r"block \(\d,0,0\) warp [01]: ", err), err
        assert err.splitlines()[-1] == "sluice-ptxsim run: 1 finding", err
    out, _ = program.launch(ENDLESS, 1, 64, [], "--max-instructions=1000", "--json", code=7)
    assert '"kind":"instruction-limit"' in out
    # Enough is enough.
    program.launch(KERNELS / "reverse.ptx", 1, 64, [f"in:{program.npy('x.npy', np.zeros(64, 'f4'))}", "out::f32:64"], "--max-instructions=1000")


@quickly
def time_limit():
    for checks in ("all", "none"):
        begin = time.monotonic()
        _, err = program.launch(ENDLESS, 2, 64, [], "--timeout=0.5", f"--check={checks}", code=7)
        assert "endless: timeout: not done after 0.5 s" in err, err
        assert 0.4 < time.monotonic() - begin < 20
    # Blocks that end at once, but more than anyone has time for.
    nothing = kernel("nothing", "  ret;")
    for grid in ("2147483647", "2147483647,65535,65535"):
        _, err = program.launch(nothing, grid, 1024, [], "--timeout=0.5", code=7)
        assert "timeout" in err, err
    # A warp that waits for another one's word.
    spin = kernel("spin", "  .reg .u32 %r1;\n  .reg .pred %p1;\n  .reg .u64 %rd1;\n  ld.param.u64 %rd1, [p];\n$again:\n"
                  "  ld.volatile.global.u32 %r1, [%rd1];\n  setp.eq.u32 %p1, %r1, 0;\n  @%p1 bra $again;\n  ret;", parameters=".param .u64 p")
    _, err = program.launch(spin, 1, 32, ["zeros::u32:1"], "--timeout=0.5", code=7)
    assert "timeout" in err or "deadlock" in err, err


@quickly
def recursion():
    text = (".func (.param .b32 r) deeper(.param .b32 n);\n"
            ".func (.param .b32 r) deeper(.param .b32 n)\n{\n  .reg .b32 %r<3>;\n  ld.param.b32 %r1, [n];\n  add.u32 %r1, %r1, 1;\n"
            "  {\n  .param .b32 a;\n  .param .b32 b;\n  st.param.b32 [a], %r1;\n  call.uni (b), deeper, (a);\n  ld.param.b32 %r2, [b];\n  }\n"
            "  st.param.b32 [r], %r2;\n  ret;\n}\n")
    body = "  {\n  .param .b32 a;\n  .param .b32 b;\n  st.param.b32 [a], 0;\n  call.uni (b), deeper, (a);\n  }\n  ret;"
    _, err = program.launch(kernel("recursive", body, text), 1, 32, [], code=1)
    assert ": call-depth: " in err, err
    # Functions that call one another in a row, also more of them than a host's stack has room for.
    for count, code, says in ((1000, 0, ""), (2000, 1, ": call-depth: "), (30000, 3, "more than 4096 functions")):
        row = "".join(f".func f{i}()\n{{\n  call f{i + 1};\n  ret;\n}}\n" for i in reversed(range(count)))
        _, err = program.launch(kernel("row", "  call f0;\n  ret;", f".func f{count}()\n{{\n  ret;\n}}\n" + row), 1, 32, [], code=code)
        assert says in err, err


@quickly
def out_of_bounds():
    x = program.npy("b.npy", np.zeros(64, "f4"))
    for n, check in ((65, "all"), (65, "none"), (2**31, "none")):
        z = program.path("never.npy")
        _, err = program.launch(KERNELS / "saxpy.ptx", 3, 32, ["f32:1", f"in:{x}", f"inout:{x}:{z}", f"u32:{n}"], f"--check={check}", code=1)
        assert "out-of-bounds: a load of 4 bytes at 0 bytes behind the 256 of x (" in err, err
        assert not z.exists()
    _, err = program.launch(KERNELS / "saxpy.ptx", 1, 32, ["f32:1", "u64:0", "u64:0xffffffffffffff00", "u32:32"], code=1)
    assert re.search(r"saxpy\.ptx:\d+: out-of-bounds: a load of 4 bytes at 0x0", err), err


@quickly
def deadlock():
    stuck = kernel("stuck", "  .reg .pred %p1;\n  .reg .u32 %r1;\n  mov.u32 %r1, %tid.x;\n  setp.lt.u32 %p1, %r1, 32;\n"
                   "  @%p1 bar.sync 1, 64;\n  @!%p1 bar.sync 2, 64;\n  ret;")
    _, err = program.launch(stuck, 1, 64, [], code=1)
    assert ": deadlock: " in err and "barrier 1" in err and "barrier 2" in err, err


@quickly
def too_much_memory():
    for declared in (".global .b8 big[1099511627776];", ".const .b8 big[1099511627776];",
                     "\n".join(f".global .b8 big{i}[4294967296];" for i in range(200))):
        path = program.path("big.ptx", f"{HEAD}{declared}\n.visible .entry k()\n{{\n  ret;\n}}\n")
        for verb in (("list", path), ("run", path, "--grid", 1, "--block", 1)):
            process = program.start(*verb, stderr=-1, stdout=-1)
            err = process.communicate(timeout=60)[1].decode()
            assert process.returncode in (3, 5) and err.startswith("sluice-ptxsim "), (process.returncode, err)
    for declared in (".shared .b8 x[1099511627776];", ".shared .b8 x[300000];"):
        path = kernel("shared", f"  {declared}\n  ret;")
        process = program.start("run", path, "--grid", 1, "--block", 1, stderr=-1)
        err = process.communicate(timeout=60)[1].decode()
        assert process.returncode in (2, 3) and "shared" in err, (process.returncode, err)
    for declared in (".local .b8 x[1099511627776];", ".local .b8 x[4000000];", ".local .b8 x[500000];", ".reg .b64 %r<2000000000>;"):
        path = kernel("local", f"  {declared}\n  ret;")
        process = program.start("run", path, "--grid", 1, "--block", 1024, stderr=-1)
        err = process.communicate(timeout=60)[1].decode()
        assert process.returncode in (0, 2, 3, 5), (declared, process.returncode, err)


def verdict(path):
    """Of `list`: 0, or 3 and a place in the file."""
    process = program.start("list", path, stdout=-1, stderr=-1)
    err = process.communicate(timeout=60)[1].decode(errors="replace")
    assert process.returncode in (0, 3), (process.returncode, err)
    if process.returncode == 3:
        assert re.match(rf"sluice-ptxsim list: {re.escape(str(path))}:\d+:\d+: ", err), err
        assert len(err) < 4096 and not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", err), err
    return process.returncode


@quickly
def cut_text():
    """Every beginning of a kernel is a module or an error with a place."""
    for text in ((KERNELS / "reverse.ptx").read_bytes(), (CORPUS / "work_queue.sm_90.ptx").read_bytes()):
        ends = range(0, len(text), 7 if len(text) < 2000 else len(text) // 150)
        verdicts = [verdict(program.path("cut.ptx", text[:end])) for end in ends]
        assert verdicts.count(3) > len(verdicts) // 2
        same(verdict(program.path("whole.ptx", text)), 0)


@quickly
def garbage():
    random = np.random.default_rng(7)
    text = bytearray((CORPUS / "flash_attention.sm_80.ptx").read_bytes())
    for _ in range(60):  # a few bytes changed
        changed = bytearray(text)
        for at in random.integers(0, len(text), 3):
            changed[at] = random.integers(0, 256)
        verdict(program.path("changed.ptx", bytes(changed)))
    for _ in range(30):  # lines that change places
        lines = bytes(text).split(b"\n")
        a, b = random.integers(0, len(lines), 2)
        lines[a], lines[b] = lines[b], lines[a]
        verdict(program.path("swapped.ptx", b"\n".join(lines)))
    for data in (b"\x00" * 1000, random.bytes(5000), b"{" * 100000, b"(" * 100000, b'"' * 1001, b"/*" * 1000,
                 HEAD.encode() + b".visible .entry k()\n{\n" + b"{" * 100000,
                 HEAD.encode() + b".visible .entry " + b"x" * 1000000,
                 HEAD.encode() + b".global .u32 a[2] = {1,2,3};", HEAD.encode() + b".visible .entry k()\n{\n  add.u32 %r1, %r2" + b", 1" * 100000):
        same(verdict(program.path("garbage.ptx", data)), 3, data[:40])


sys.exit(harness.main([(test.__name__.replace("_", " "), test) for test in (
    instruction_limit, time_limit, recursion, out_of_bounds, deadlock, too_much_memory, cut_text, garbage)]))
