#!/usr/bin/env python3
"""Compiles each golden checkpoint and compares what its plan computes with what
transformers computed in fp32; prints the table of differences.

usage: golden_test.py BIN_FOLDER [CHECKPOINT ..]      (or: ninja golden-table)

Logits of every position within 1e-4, the likeliest token and 16 greedy tokens
equal, and the streams after each layer (hidden.{i}, first 48 positions) within
1e-4 of their largest element, so that the first wrong layer has a name.
"""
import pathlib, sys

import numpy as np
from safetensors.numpy import load_file

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import harness

TOLERANCE = 1e-4
COLUMNS = ("checkpoint", "prompt", "tokens", "largest", "mean", "top-1", "greedy", "streams")
LINE = "{:14} {:>6} {:>6} {:>8} {:>8} {:>8} {:>6} {:>8}"


def prompts_of(golden):
    count = 0
    while f"{count}.input_ids" in golden:
        count += 1
    return range(count)


class Table:
    """A line for each prompt: the largest and mean difference of the logits, equal
    first choices and greedy tokens, the streams' largest difference in units of
    their largest element."""

    def __init__(self):
        self.lines = {}

    def put(self, name, prompt, **values):
        self.lines.setdefault((name, prompt), {}).update(values)

    def __str__(self):
        rows = [COLUMNS] + [(name, prompt, *(v.get(c, "-") for c in COLUMNS[2:]))
                            for (name, prompt), v in self.lines.items()]
        return "\n".join(LINE.format(*row) for row in rows)


def check_logits(tools, plan, golden, put):
    for p in prompts_of(golden):
        ids, theirs = golden[f"{p}.input_ids"], golden[f"{p}.logits"]
        ours = tools.evaluate(plan, ids)["logits"]
        assert ours.shape == theirs.shape and ours.dtype == np.float32, ours.shape
        assert np.isfinite(ours).all(), f"prompt {p}: not finite"
        worst = np.abs(ours.astype(np.float64) - theirs)
        differ = int((ours.argmax(-1) != theirs.argmax(-1)).sum())
        put(p, tokens=len(ids), largest=f"{worst.max():.1e}", mean=f"{worst.mean():.1e}",
            **{"top-1": f"{len(ids) - differ}/{len(ids)}"})
        at = int(worst.max(-1).argmax())
        assert worst.max() <= TOLERANCE, f"prompt {p}: {worst.max():.2e} at position {at}"
        assert differ == 0, f"prompt {p}: the likeliest token differs at {differ} positions"


def check_greedy(tools, plan, golden, put):
    for p in prompts_of(golden):
        expected = golden[f"{p}.greedy"].tolist()
        found = tools.greedy(plan, golden[f"{p}.input_ids"], len(expected))
        put(p, greedy=f"{sum(a == b for a, b in zip(found, expected))}/{len(expected)}")
        assert found == expected, f"prompt {p}: expected {expected}, got {found}"


def check_hidden(tools, model, golden, put):
    layers = sum(f"0.hidden.{i}" in golden for i in range(1000))
    assert layers > 0
    names = [f"hidden.{i}" for i in range(layers)]
    plan = tools.plan(model, "--keep=hidden")
    ours = tools.evaluate(plan, golden["0.input_ids"], outputs=("logits", *names))
    plain = tools.evaluate(tools.plan(model), golden["0.input_ids"])["logits"]
    assert (ours["logits"] == plain).all(), "keeping hidden streams changes the logits"
    shares = []
    for name in names:
        theirs = golden[f"0.{name}"]
        found = ours[name][:len(theirs)]
        assert found.shape == theirs.shape, f"{name}: {found.shape}, not {theirs.shape}"
        shares.append(np.abs(found - theirs).max() / max(1, np.abs(theirs).max()))
        assert shares[-1] <= TOLERANCE, f"the first wrong layer: {name}, off by {shares[-1]:.2e}"
    put(0, streams=f"{max(shares):.1e}")
    return f"{layers} layers"


def main():
    tools, table, tests = harness.Tools(sys.argv[1]), Table(), []
    for name in sys.argv[2:] or harness.CHECKPOINTS:
        model = harness.CHECKPOINTS[name]
        golden = load_file(model / "golden.safetensors")
        put = lambda prompt, name=name, **values: table.put(name, prompt, **values)
        for what, check in (("logits", check_logits), ("greedy", check_greedy), ("hidden", check_hidden)):
            # check_hidden needs a plan of its own.
            first = (lambda m=model: m) if check is check_hidden else (lambda m=model: tools.plan(m))
            tests.append((f"{name}.{what}", lambda c=check, f=first, g=golden, p=put: c(tools, f(), g, p)))
    return harness.main(tests, lambda: print(f"\n{table}\n"))


if __name__ == "__main__":
    sys.exit(main())
