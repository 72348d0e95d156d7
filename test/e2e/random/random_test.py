#!/usr/bin/env python3
"""Random configurations against the plain reference of test/reference.

usage: random_test.py BIN_FOLDER [--seed N] [--count N] [--keep DIR]

Each case draws a checkpoint, compiles it, runs a random prompt in random chunks
on a random target, and compares logits with sluice-reference (double precision):
within 1e-4 at every position before the first at which some top-k of the
reference chooses by less than 1e-4, where an fp32 evaluation may choose another.
With fewer than 32 such positions the case is drawn again.
"""
import argparse, pathlib, shutil, sys, time

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import checkpoint, harness

TOLERANCE, MARGIN, LEAST = 1e-4, 1e-4, 32
DRAWS = 20


def reference(tools, model, ids):
    """Logits, and how many positions may be compared."""
    files = [tools.folder / f"reference-{name}.npy" for name in ("logits", "margin")]
    tools.call(tools.bin / "sluice-reference", model, "--input-ids", f"@{tools.folder / 'prompt.npy'}",
               "--logits", files[0], "--margin", files[1])
    logits, margin = (np.load(f) for f in files)
    close = np.flatnonzero(margin < MARGIN)
    return logits, int(close[0]) if len(close) else len(ids)


def words(c):
    kinds = "".join({"s": "S", "c": "C", "h": "H"}[k[0]] for k in c["layer_types"])
    rates = c["compress_rates"]
    return (f"{kinds} hc {c['hc_mult']} hidden {c['hidden_size']} heads {c['num_attention_heads']}x{c['head_dim']} "
            f"window {c['sliding_window']} rates {rates['compressed_sparse_attention']}/"
            f"{rates['heavily_compressed_attention']} experts {c['num_experts_per_tok']}/{c['n_routed_experts']} "
            f"{c['rope_parameters']['compress']['rope_type']}")


def one_case(tools, seed, number, keep):
    for draw in range(DRAWS):
        rng = np.random.default_rng([seed, number, draw])
        form = checkpoint.FORMATS[number % len(checkpoint.FORMATS)]
        model = tools.folder / f"case-{number}-{draw}"
        c = checkpoint.write(model, rng, form)
        ids = rng.integers(0, c["vocab_size"], rng.integers(60, 150))
        np.save(tools.folder / "prompt.npy", ids.astype(np.int64))
        theirs, count = reference(tools, model, ids)
        if count >= LEAST:
            break
    else:
        raise AssertionError(f"no draw of {DRAWS} has {LEAST} positions to compare")
    try:
        plan = tools.plan(model)
        flags = [f"--chunk={rng.integers(1, len(ids) + 1)}", f"--threads={rng.integers(1, 3)}",
                 "--target=x86-64-v3"][:int(rng.integers(2, 4))]
        ours = tools.evaluate(plan, ids, *flags)["logits"]
        off = np.abs(ours[:count] - theirs[:count]).max(-1)
        assert np.isfinite(ours).all(), f"not finite; {words(c)}"
        worst = int(off.argmax())
        assert off[worst] <= TOLERANCE, (f"off by {off[worst]:.2e} at position {worst} of {count} with "
                                         f"{' '.join(flags)}; {words(c)}")
    except AssertionError as fault:
        if keep:
            shutil.copytree(model, pathlib.Path(keep) / model.name, dirs_exist_ok=True)
        raise AssertionError(f"{form}: {fault}") from None
    assert np.abs(theirs[:count]).max() > 0.1, "logits that say nothing"
    return f"{form} {words(c)}: {off.max():.1e} over {count} of {len(ids)} positions"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bin", metavar="BIN_FOLDER")
    parser.add_argument("--seed", type=int, default=None, help="what is drawn (the time unless given)")
    parser.add_argument("--count", type=int, default=12, help="cases (12 unless given)")
    parser.add_argument("--keep", metavar="DIR", help="copy checkpoints of failed cases here")
    flags = parser.parse_args()
    seed = time.time_ns() % 2**32 if flags.seed is None else flags.seed
    print(f"seed {seed}; to repeat: {sys.argv[0]} {flags.bin} --seed {seed} --count {flags.count}", flush=True)
    tools = harness.Tools(flags.bin)
    return harness.main([(f"case-{n}", lambda n=n: one_case(tools, seed, n, flags.keep))
                         for n in range(flags.count)])


if __name__ == "__main__":
    sys.exit(main())
