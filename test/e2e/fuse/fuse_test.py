#!/usr/bin/env python3
"""Fusion changes no bit: plans with every pair of fusions on and off in all four ways
against the plan without any, and against transformers' logits.

usage: fuse_test.py BIN_FOLDER
"""
import itertools, json, pathlib, sys

import numpy as np
from safetensors.numpy import load_file

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import harness

TOKENS = 40


def pairwise(fusions):
    """Few lists for --fuse, so that any two are on and off in all four ways."""
    every = list(itertools.product((False, True), repeat=len(fusions)))
    pairs = lambda row: {(i, row[i], j, row[j]) for i in range(len(row)) for j in range(i)}
    left, chosen = set().union(*map(pairs, every)), []
    while left:
        chosen.append(max(every, key=lambda row: len(pairs(row) & left)))
        left -= pairs(chosen[-1])
    return [",".join(itertools.compress(fusions, row)) or "none" for row in chosen]


class Case:
    def __init__(self, tools, checkpoint, *flags):
        self.tools, self.model, self.flags = tools, harness.CHECKPOINTS[checkpoint], flags
        golden = load_file(self.model / "golden.safetensors")
        self.prompt, self.golden = golden["0.input_ids"], golden["0.logits"]

    def logits(self, ids, fuse, *flags):
        return self.tools.evaluate(self.tools.plan(self.model, "--fuse", fuse, *self.flags), ids, *flags)["logits"]

    def same(self, fuse, *flags):
        ids = self.prompt[:TOKENS]
        due = self.logits(ids, "none", *flags)
        assert np.isfinite(due).all()
        for chunk in (TOKENS, 1, 7):
            found = self.logits(ids, fuse, *flags, "--chunk", chunk)
            assert (found == due).all(), f"{fuse}, chunks of {chunk}: other bits, {np.abs(found - due).max():.1e}"

    def near(self, fuse):
        apart = np.abs(self.logits(self.prompt, fuse) - self.golden).max()
        assert apart <= 1e-4, f"{fuse}: {apart:.1e} from the golden logits"
        return f"{apart:.1e} from the golden logits"

    def fewer_launches(self):
        """All of them leave less than half of the launches, as the plans say."""
        count = lambda fuse: len(json.loads(self.tools.call(self.tools.bin / "sluice", "dump", "--json",
                                                            self.tools.plan(self.model, "--fuse", fuse, *self.flags)))["launches"])
        before, after = count("none"), count("all")
        assert after * 2 < before, f"{after} launches of {before}"
        return f"{after} launches, {before} without"


def main():
    tools = harness.Tools(sys.argv[1])
    cases = {name: Case(tools, name, "--target", "x86-64-v3") for name in harness.CHECKPOINTS}
    released, runtime = cases["v4-released"], cases["v4-runtime"]
    cover = pairwise(tools.fusions())
    tests = [(f"v4-released {fuse}", lambda f=fuse: released.same(f)) for fuse in cover if fuse != "none"]
    tests += [("v4-runtime all", lambda: runtime.same("all")), ("launches", released.fewer_launches)]
    tests += [(f"{name} {fuse} near", lambda c=case, f=fuse: c.near(f)) for name, case in cases.items() for fuse in cover]
    for numerics in ("bf16", "native"):
        case = Case(tools, "v4-released", "--target", "x86-64-v3", "--numerics", numerics)
        tests.append((f"v4-released {numerics} all", lambda c=case: c.same("all")))
    for target in harness.GPU_TARGETS.split(","):
        case = Case(tools, "v4-released", "--target", target)
        tests.append((f"v4-released {target} all", lambda c=case: c.same("all", "--device", "sim:checks=all")))
    return harness.main(tests)


if __name__ == "__main__":
    sys.exit(main())
