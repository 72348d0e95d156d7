#!/usr/bin/env python3
"""The goldens on GPUs in software: plans whose PTX the simulator runs, itself and
behind a driver of ours, against what transformers computed.

usage: gpu_test.py BIN_FOLDER [--full] [--device cuda[:N]] [CHECKPOINT ..]

For PTX of sm_80 and sm_120, with all checks of the simulator: logits within 1e-4,
the likeliest token and greedy tokens equal, the same bits token by token, in chunks
and on the CUDA device with any order of its streams. Prompts are cut to 48 tokens.
Cutting and drivers are tested on the first and the last checkpoint, greedy tokens for
one target of each; --full does all of it for all, and a longest prompt of each.
--device does all of it on that GPU, with the newest PTX that it takes.
"""
import argparse, pathlib, sys

import numpy as np
from safetensors.numpy import load_file

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import harness

TOLERANCE, TOKENS, GREEDY = 1e-4, 48, 3
CHECKPOINTS = ("v4-runtime", "v4-released", "v4-base", "v4-saved-bf16", "tiny-v4")
TARGETS = harness.GPU_TARGETS.split(",")


def cuda(tools, seed):
    """Flags and environment of a run on the CUDA device, on a driver of ours."""
    folder = tools.bin.parent / "test" / "fake-cuda"
    return ("--device", "cuda"), {"LD_LIBRARY_PATH": str(folder), "SLUICE_FAKE_CUDA_SEED": str(seed)}


class Case:
    def __init__(self, tools, name, full, device):
        self.tools, self.model, self.full = tools, harness.CHECKPOINTS[name], full
        self.plain = ("--device", device or "sim")
        self.checked = self.plain if device else ("--device", "sim:checks=all")
        self.golden = load_file(self.model / "golden.safetensors")

    def prompts(self):
        """(ids, logits), the first cut."""
        count = sum(f"{p}.input_ids" in self.golden for p in range(100))
        prompts = [(self.golden[f"{p}.input_ids"], self.golden[f"{p}.logits"]) for p in range(count)]
        cut = [(ids[:TOKENS], logits[:TOKENS]) for ids, logits in prompts]
        return cut + ([max(prompts, key=lambda p: len(p[0]))] if self.full else [])

    def on(self, target):
        return ("--target", target) if target else ()

    def run(self, target, ids, *flags):
        return self.tools.evaluate(self.tools.gpu_plan(self.model), ids, *self.on(target), *flags)["logits"]

    def logits(self, target):
        worst = 0
        for p, (ids, theirs) in enumerate(self.prompts()):
            ours = self.run(target, ids, *self.checked)
            assert ours.shape == theirs.shape and np.isfinite(ours).all(), ours.shape
            worst = max(worst, np.abs(ours.astype(np.float64) - theirs).max())
            assert worst <= TOLERANCE, f"prompt {p}: off by {worst:.2e}"
            assert (ours.argmax(-1) == theirs.argmax(-1)).all(), f"prompt {p}: another likeliest token"
        return f"within {worst:.1e}"

    def greedy(self, target):
        short = min((p for p in range(100) if f"{p}.input_ids" in self.golden), key=lambda p: len(self.golden[f"{p}.input_ids"]))
        due = self.golden[f"{short}.greedy"].tolist()[:GREEDY]
        found = self.tools.greedy(self.tools.gpu_plan(self.model), self.golden[f"{short}.input_ids"], len(due), *self.on(target), *self.plain)
        assert found == due, f"expected {due}, got {found}"

    def bits(self, target):
        """How a prompt is cut into steps and who runs it changes nothing."""
        ids = self.prompts()[0][0][:20]
        whole = self.run(target, ids, *self.plain)
        for chunk in (1, 7):
            part = self.run(target, ids, *self.plain, "--chunk", chunk)
            assert (part == whole).all(), f"chunks of {chunk}: other bits, {np.abs(part - whole).max():.1e}"
        one = self.run(target, ids, *self.plain, "--threads", 1)
        assert (one == whole).all(), "one thread: other bits"

    def driver(self, target):
        ids, _ = self.prompts()[0]
        whole = self.run(target, ids, "--device", "sim")
        plan = self.tools.gpu_plan(self.model)
        for seed in (1, 2):
            flags, environment = cuda(self.tools, seed)
            file = self.tools.folder / "cuda.npy"
            self.tools.call(self.tools.bin / "sluice", "run", plan, "--target", target, *flags, "--input-ids",
                            ",".join(map(str, ids)), "--max-tokens", 0, "-q", "--chunk", 16, "--logits", file, environment=environment)
            assert (np.load(file) == whole).all(), f"seed {seed}: other bits than the simulator alone"


def parts(number, name, target, options):
    """What is tested of a checkpoint on one target."""
    if options.device:
        return "logits", "greedy", "bits"
    wanted = ["logits"]
    if options.full or target == TARGETS[number % len(TARGETS)]:
        wanted.append("greedy")
    if options.full or (name, target) in (("v4-runtime", "sm_80"), ("tiny-v4", "sm_120")):
        wanted += ["bits", "driver"]
    return wanted


def main():
    flags = argparse.ArgumentParser(usage=__doc__)
    flags.add_argument("bin")
    flags.add_argument("--full", action="store_true")
    flags.add_argument("--device")
    flags.add_argument("checkpoints", nargs="*", default=CHECKPOINTS)
    options = flags.parse_args()
    tools, tests = harness.Tools(options.bin), []
    for number, name in enumerate(options.checkpoints):
        case = Case(tools, name, options.full or options.device, options.device)
        for target in [None] if options.device else TARGETS:
            for part in parts(number, name, target, options):
                tests.append((f"{name}.{target or options.device}.{part}", lambda f=getattr(case, part), t=target: f(t)))
    return harness.main(tests)


if __name__ == "__main__":
    sys.exit(main())
