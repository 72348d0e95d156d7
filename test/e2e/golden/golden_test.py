#!/usr/bin/env python3
"""Compiles each golden checkpoint and compares what its plan computes with what
transformers computed in fp32; prints the table of differences.

usage: golden_test.py BIN_FOLDER [CHECKPOINT ..]

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
PAIR = "{:14} {:>6} {:>7} {:>10} {:>10} {:>7}"


def prompts_of(golden):
    count = 0
    while f"{count}.input_ids" in golden:
        count += 1
    return range(count)


def check_logits(tools, plan, golden, name):
    for p in prompts_of(golden):
        ids, theirs = golden[f"{p}.input_ids"], golden[f"{p}.logits"]
        ours = tools.evaluate(plan, ids)["logits"]
        assert ours.shape == theirs.shape and ours.dtype == np.float32, ours.shape
        assert np.isfinite(ours).all(), f"prompt {p}: not finite"
        worst = np.abs(ours.astype(np.float64) - theirs)
        differ = int((ours.argmax(-1) != theirs.argmax(-1)).sum())
        print(PAIR.format(name, p, len(ids), f"{worst.max():.1e}", f"{worst.mean():.1e}",
                          f"{len(ids) - differ}/{len(ids)}"), flush=True)
        at = int(worst.max(-1).argmax())
        assert worst.max() <= TOLERANCE, f"prompt {p}: {worst.max():.2e} at position {at}"
        assert differ == 0, f"prompt {p}: the likeliest token differs at {differ} positions"


def check_greedy(tools, plan, golden):
    for p in prompts_of(golden):
        expected = golden[f"{p}.greedy"].tolist()
        found = tools.greedy(plan, golden[f"{p}.input_ids"], len(expected))
        assert found == expected, f"prompt {p}: expected {expected}, got {found}"


def check_hidden(tools, model, golden):
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
    return f"{layers} layers, at most {max(shares):.1e}"


def main():
    tools = harness.Tools(sys.argv[1])
    tests = []
    print(PAIR.format("checkpoint", "prompt", "tokens", "largest", "mean", "top-1"))
    for name in sys.argv[2:] or harness.CHECKPOINTS:
        model = harness.CHECKPOINTS[name]
        golden = load_file(model / "golden.safetensors")
        plan = lambda model=model: tools.plan(model)
        tests += [
            (f"{name}.logits", lambda g=golden, n=name, p=plan: check_logits(tools, p(), g, n)),
            (f"{name}.greedy", lambda g=golden, p=plan: check_greedy(tools, p(), g)),
            (f"{name}.hidden", lambda g=golden, m=model: check_hidden(tools, m, g))]
    return harness.main(tests)


if __name__ == "__main__":
    sys.exit(main())
