#!/usr/bin/env python3
"""Logits have the same bits however a prompt is cut into steps, on 1 or 2
threads, with the x86-64-v3 or the x86-64-v4 image, on this or an older CPU.

usage: bits_test.py BIN_FOLDER
"""
import pathlib, shutil, sys

from safetensors.numpy import load_file

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import harness

WAYS = [("token-by-token", "--chunk=1"), ("chunks-of-3", "--chunk=3"),
        ("chunks-of-7", "--chunk=7"), ("chunks-of-64", "--chunk=64"),
        ("one-thread", "--threads=1"), ("two-threads", "--threads=2"),
        ("v3", "--target=x86-64-v3"), ("v4", "--target=x86-64-v4"),
        ("v3-one-thread-chunks-of-5", "--target=x86-64-v3", "--threads=1", "--chunk=5")]
# Haswell is the oldest CPU that has all of x86-64-v3.
OLDER_CPU = ("qemu-x86_64", "-cpu", "Haswell")


def check_way(tools, model, ids, expected, flags):
    if "--target=x86-64-v4" in flags and not host_has_v4():
        raise harness.Skip("this CPU lacks AVX-512")
    ours = tools.evaluate(tools.plan(model), ids, *flags)["logits"]
    assert_equal(ours, expected())


def check_older_cpu(tools, model, ids, expected):
    if not shutil.which(OLDER_CPU[0]):
        raise harness.Skip("no qemu-x86_64 (Debian: qemu-user)")
    ids = ids[:24]  # about 100 times slower; a prefix has the same logits
    ours = tools.evaluate(tools.plan(model), ids, "--threads=1", wrapper=OLDER_CPU)["logits"]
    assert_equal(ours, expected()[:len(ids)])


def assert_equal(ours, theirs):
    assert ours.shape == theirs.shape, f"{ours.shape}, not {theirs.shape}"
    differ = ours.view("u4") != theirs.view("u4")
    assert not differ.any(), (f"{differ.sum()} of {differ.size} logits differ, first at "
                              f"position {int(differ.any(-1).argmax())}")


def host_has_v4():
    flags = pathlib.Path("/proc/cpuinfo").read_text()
    return all(f in flags for f in ("avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"))


def main():
    tools = harness.Tools(sys.argv[1])
    tests = []
    for name, model in harness.CHECKPOINTS.items():
        ids = load_file(model / "golden.safetensors")["0.input_ids"]
        known = {}

        def expected(model=model, ids=ids, known=known):
            """In one step, on the best target."""
            if not known:
                known["logits"] = tools.evaluate(tools.plan(model), ids)["logits"]
            return known["logits"]

        for way, *flags in WAYS:
            tests.append((f"{name}.{way}", lambda m=model, i=ids, e=expected, f=flags:
                          check_way(tools, m, i, e, f)))
        tests.append((f"{name}.older-cpu", lambda m=model, i=ids, e=expected:
                      check_older_cpu(tools, m, i, e)))
    return harness.main(tests)


if __name__ == "__main__":
    sys.exit(main())
