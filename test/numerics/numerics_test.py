#!/usr/bin/env python3
"""Plans of each numeric mode against a model of the same rules in numpy.

usage: numerics_test.py BIN_FOLDER

exact: the numpy model gives transformers' logits, so it is the right model.

bf16, native: a rounding that falls the other way, as another order of a sum makes
it, spreads from layer to layer, so whole models agree in distribution only. One
layer alone must agree to the bit in nearly all elements of the streams of some
prompt: one element of the KV cache that fell the other way shows in every later token
that sees it, so not every prompt will do. And where the rules with one of them left
out, or with groups of another size, would give something else, the plan must have
computed what the rules as they are give.
"""
import functools, pathlib, sys, tempfile

import numpy as np
from safetensors.numpy import load_file

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))
import harness
import checkpoint
from model import Model
from rounding import Rules

TOKENS = 150
ONE_TARGET = "--target=x86-64-v3"  # all CPUs compute the same bits (bits_test.py)
TOLERANCE = 1e-4
LEAST_EQUAL = 0.95   # elements of the streams behind one layer
PROMPTS = 10         # that are tried: see above
FEWEST_APART = 100   # elements that one rule must change to be told
MOST_APART = 0.75    # from the model in the same mode, of what the mode changes
GROUPS = ({"input": 64}, {"row": 32}, {"index": 16})
LAYERS = {"v4-released": (0, 2, 3), "tiny-v4": (2, 3)}  # a window alone, CSA, HCA


def prompt(name):
    golden = load_file(harness.CHECKPOINTS[name] / "golden.safetensors")
    return golden["0.input_ids"][:TOKENS], golden["0.logits"][:TOKENS]


@functools.cache
def weights(folder):
    return checkpoint.Checkpoint(folder)


def rms(x):
    return float(np.sqrt((np.asarray(x, float)**2).mean()))


def equal_share(a, b):
    return float((a == b).mean())


def check_exact(name):
    ids, logits = prompt(name)
    found, _ = Model(weights(harness.CHECKPOINTS[name]), Rules("exact")).evaluate(ids)
    worst = np.abs(found - logits).max()
    assert worst <= TOLERANCE, f"off by {worst:.1e}: the numpy model is wrong"
    return f"at most {worst:.1e}"


def check_whole(tools, name, mode):
    """The distance from the numpy model, as a share of what the mode changes."""
    ids, _ = prompt(name)
    model = harness.CHECKPOINTS[name]
    evaluate = lambda mode: Model(weights(model), Rules(mode)).evaluate(ids)[0]
    expected, exact = evaluate(mode), evaluate("exact")
    found = tools.evaluate(tools.plan(model, f"--numerics={mode}", ONE_TARGET), ids)["logits"]
    apart = rms(found - expected) / rms(expected - exact)
    assert apart <= MOST_APART, f"{apart:.2f} of the distance to exact"
    return f"{apart:.2f} of the distance to exact"


def layer_streams(tools, plan, loaded, mode, ids):
    """(prompt, the plan's streams, the model's) of the first prompt that agrees."""
    tried = []
    for start in range(0, TOKENS, TOKENS // PROMPTS):
        shifted = np.roll(ids, -start)
        found = tools.evaluate(plan, shifted, outputs=["hidden.0"])["hidden.0"]
        expected = Model(loaded, Rules(mode)).evaluate(shifted)[1][0]
        tried.append(equal_share(found, expected))
        if tried[-1] >= LEAST_EQUAL:
            return shifted, found, expected
    raise AssertionError("of the elements are equal, per prompt: " + ", ".join(f"{share:.3f}" for share in tried))


def check_layer(tools, name, layer, mode):
    ids, _ = prompt(name)
    with tempfile.TemporaryDirectory(prefix="sluice-layer-") as folder:
        model = pathlib.Path(folder) / f"{name}.layer-{layer}"  # plans are kept by this name
        checkpoint.write_layer(harness.CHECKPOINTS[name], layer, model)
        loaded = checkpoint.Checkpoint(model)
        plan = tools.plan(model, f"--numerics={mode}", "--keep=hidden", ONE_TARGET)
        ids, found, expected = layer_streams(tools, plan, loaded, mode, ids)
    rules = Rules(mode)
    Model(loaded, rules).evaluate(ids)
    others = [Rules(mode, without=[rule]) for rule in sorted(rules.seen)]
    if mode == "native":
        others += [Rules(mode, groups=groups) for groups in GROUPS]
    told, weakest = 0, 1.0
    for other in others:
        streams = Model(loaded, other).evaluate(ids)[1][0]
        apart = streams != expected
        if apart.sum() < FEWEST_APART:
            continue  # this layer has no such site, or it hardly matters
        told += 1
        right, wrong = ((found == answer)[apart].mean() for answer in (expected, streams))
        weakest = min(weakest, right - wrong)
        assert right > wrong, f"{right:.3f} as the rules say, {wrong:.3f} without {set(other.without) or other.groups}"
    assert told > 10
    return f"{equal_share(found, expected):.4f} equal; {told} rules told apart, the weakest by {weakest:.2f}"


def main():
    tools = harness.Tools(sys.argv[1])
    tests = [(f"{name}.exact", lambda n=name: check_exact(n))
             for name in ("v4-runtime", "v4-released", "v4-base", "v4-plain-bf16", "tiny-v4")]
    for mode in ("bf16", "native"):
        for name in ("v4-runtime", "v4-released", "tiny-v4"):
            tests.append((f"{name}.{mode}", lambda n=name, m=mode: check_whole(tools, n, m)))
        for name, layers in LAYERS.items():
            tests += [(f"{name}.layer-{i}.{mode}", lambda n=name, i=i, m=mode: check_layer(tools, n, i, m)) for i in layers]
    return harness.main(tests)


if __name__ == "__main__":
    sys.exit(main())
