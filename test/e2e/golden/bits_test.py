#!/usr/bin/env python3
"""Logits have the same bits however a prompt is cut into steps, alone or beside
other prompts, on 1 or 2 threads, with the x86-64-v3 or the x86-64-v4 image, on
this or an older CPU.

usage: bits_test.py BIN_FOLDER [CHECKPOINT ..]
"""
import itertools, pathlib, shutil, sys

import numpy as np
from safetensors.numpy import load_file

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import harness, library

WAYS = [("token-by-token", "--chunk=1"), ("chunks-of-3", "--chunk=3"),
        ("chunks-of-7", "--chunk=7"), ("chunks-of-64", "--chunk=64"),
        ("one-thread", "--threads=1"), ("two-threads", "--threads=2"),
        ("v3", "--target=x86-64-v3"), ("v4", "--target=x86-64-v4"),
        ("v3-one-thread-chunks-of-5", "--target=x86-64-v3", "--threads=1", "--chunk=5")]
MIXED = (1, 3, 7, 64, 2, 1, 1, 29, 5)  # tokens of a step, again and again
TARGETS = ("x86-64-v3", "x86-64-v4")
# Haswell is the oldest CPU that has all of x86-64-v3.
OLDER_CPU = ("qemu-x86_64", "-cpu", "Haswell")


class Checkpoint:
    def __init__(self, tools, name, *flags):
        self.tools, self.name, self.model, self.flags = tools, name, harness.CHECKPOINTS[name], flags
        golden = load_file(self.model / "golden.safetensors")
        self.prompts = [golden[f"{p}.input_ids"] for p in range(10) if f"{p}.input_ids" in golden]
        self.known = {}

    def plan(self):
        return self.tools.plan(self.model, *self.flags)

    def expected(self, prompt=0):
        """Logits of a prompt in one step, on the best target."""
        if prompt not in self.known:
            self.known[prompt] = self.tools.evaluate(self.plan(), self.prompts[prompt])["logits"]
        return self.known[prompt]

    def check_way(self, flags):
        skip_unless_runs(*(f.removeprefix("--target=") for f in flags))
        assert_equal(self.tools.evaluate(self.plan(), self.prompts[0], *flags)["logits"], self.expected())

    def check_mixed(self, target):
        skip_unless_runs(target)
        with library.Context(self.tools.bin.parent, self.plan(), target=target.encode(), max_rows=64,
                             max_context=len(self.prompts[0])) as context:
            rest, found = self.prompts[0], []
            for count in itertools.cycle(MIXED):
                found += context.step([(0, rest[:count])])
                rest = rest[count:]
                if not len(rest):
                    break
        assert_equal(np.concatenate(found), self.expected())

    def check_batch(self):
        """All prompts in one context, each in a slot of its own and a twin of the
        first in another; a prompt that ends makes place for itself once more."""
        everyone = self.prompts + [self.prompts[0]]
        cuts = itertools.cycle(MIXED)
        with library.Context(self.tools.bin.parent, self.plan(), slots=len(everyone), max_rows=len(everyone) * 64,
                             max_context=max(map(len, everyone)), poison=1) as context:
            done, found = [0] * len(everyone), [[] for _ in everyone]
            while any(d < len(ids) for d, ids in zip(done, everyone)):
                who = [i for i, ids in enumerate(everyone) if done[i] < len(ids)]
                counts = [min(next(cuts), len(everyone[i]) - done[i]) for i in who]
                # In an order that turns, slots from the last to the first.
                turn = sum(done) % len(who)
                parts = [(i, everyone[i][done[i]:done[i] + n]) for i, n in zip(who, counts)]
                parts = parts[turn:] + parts[:turn]
                for (i, ids), logits in zip(parts, context.step([(len(everyone) - 1 - i, p) for i, p in parts])):
                    done[i] += len(ids)
                    found[i].append(logits)
            for i, logits in enumerate(found):
                assert_equal(np.concatenate(logits), self.expected(i % len(self.prompts)), f"prompt {i}: ")
            # A slot with a history, after it was reset.
            last = len(self.prompts) - 1
            context.reset(0)
            assert_equal(context.step([(0, self.prompts[last])])[0], self.expected(last), "after a reset: ")

    def check_older_cpu(self):
        skip_without_emulator()
        count = 24  # it is about 100 times slower; a prefix has the same logits
        ours = self.tools.evaluate(self.plan(), self.prompts[0][:count], "--threads=1", wrapper=OLDER_CPU)
        assert_equal(ours["logits"], self.expected()[:count])

    def check_older_cpu_refuses(self):
        skip_without_emulator()
        only_v4 = self.tools.plan(self.model, "--target=x86-64-v4")
        for plan, *flags in ((self.plan(), "--target=x86-64-v4"), (only_v4,)):
            said = self.tools.call(*OLDER_CPU, self.tools.bin / "sluice", "run", plan, "--input-ids=1", "-q",
                                   "--max-tokens=0", "--model", self.model, *flags, code=4)
            assert "x86-64-v4" in said and "avx512" in said, said


def skip_unless_runs(*targets):
    if "x86-64-v4" in targets and not host_has_v4():
        raise harness.Skip("this CPU lacks AVX-512")


def skip_without_emulator():
    if not shutil.which(OLDER_CPU[0]):
        raise harness.Skip("no qemu-x86_64 (Debian: qemu-user)")


def assert_equal(ours, theirs, where=""):
    assert ours.shape == theirs.shape, f"{where}{ours.shape}, not {theirs.shape}"
    differ = ours.view("u4") != theirs.view("u4")
    assert not differ.any(), (f"{where}{differ.sum()} of {differ.size} logits differ, first at "
                              f"position {int(differ.any(-1).argmax())}")


def host_has_v4():
    flags = pathlib.Path("/proc/cpuinfo").read_text().split()
    return all(f in flags for f in ("avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"))


def main():
    tools = harness.Tools(sys.argv[1])
    tests = []
    for name in sys.argv[2:] or harness.CHECKPOINTS:
        c = Checkpoint(tools, name)
        tests += [(f"{name}.{way}", lambda c=c, f=flags: c.check_way(f)) for way, *flags in WAYS]
        tests += [(f"{name}.mixed-chunks-{t}", lambda c=c, t=t: c.check_mixed(t)) for t in TARGETS]
        tests += [(f"{name}.batch", c.check_batch), (f"{name}.older-cpu", c.check_older_cpu)]
    for numerics in ("bf16", "native"):
        r = Checkpoint(tools, name, f"--numerics={numerics}")
        tests += [(f"{name}.{numerics}.{way}", lambda r=r, f=flags: r.check_way(f)) for way, *flags in WAYS]
        tests.append((f"{name}.{numerics}.batch", r.check_batch))
    tests.append((f"{name}.older-cpu-refuses-v4", c.check_older_cpu_refuses))
    return harness.main(tests)


if __name__ == "__main__":
    sys.exit(main())
