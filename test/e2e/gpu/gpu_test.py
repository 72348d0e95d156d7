#!/usr/bin/env python3
"""The goldens on GPUs in software: plans whose PTX the simulator runs, itself and
behind a driver of ours, against what transformers computed.

usage: gpu_test.py BIN_FOLDER [--full] [CHECKPOINT ..]

For PTX of sm_80 and sm_120, with all checks of the simulator: logits within 1e-4,
the likeliest token and greedy tokens equal, the same bits token by token, in chunks
and on the CUDA device with any order of its streams. Prompts are cut to 48 tokens;
--full runs one of the longest as well.
"""
import pathlib, sys

import numpy as np
from safetensors.numpy import load_file

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import harness

TOLERANCE, TOKENS, GREEDY = 1e-4, 48, 4
CHECKPOINTS = ("v4-runtime", "v4-released", "v4-base", "v4-saved-bf16", "tiny-v4")
TARGETS = ("sm_80", "sm_120")
CHECKED = ("--device", "sim:checks=all")


def cuda(tools, seed):
    """Flags and environment of a run on the CUDA device, on a driver of ours."""
    folder = tools.bin.parent / "test" / "fake-cuda"
    return ("--device", "cuda"), {"LD_LIBRARY_PATH": str(folder), "SLUICE_FAKE_CUDA_SEED": str(seed)}


class Case:
    def __init__(self, tools, name, full):
        self.tools, self.model, self.full = tools, harness.CHECKPOINTS[name], full
        self.golden = load_file(self.model / "golden.safetensors")

    def prompts(self):
        """(ids, logits), the first cut."""
        count = sum(f"{p}.input_ids" in self.golden for p in range(100))
        prompts = [(self.golden[f"{p}.input_ids"], self.golden[f"{p}.logits"]) for p in range(count)]
        cut = [(ids[:TOKENS], logits[:TOKENS]) for ids, logits in prompts]
        return cut + ([max(prompts, key=lambda p: len(p[0]))] if self.full else [])

    def run(self, target, ids, *flags):
        plan = self.tools.plan(self.model, "--target", ",".join(TARGETS))
        return self.tools.evaluate(plan, ids, "--target", target, *flags)["logits"]

    def logits(self, target):
        worst = 0
        for p, (ids, theirs) in enumerate(self.prompts()):
            ours = self.run(target, ids, *CHECKED)
            assert ours.shape == theirs.shape and np.isfinite(ours).all(), ours.shape
            worst = max(worst, np.abs(ours.astype(np.float64) - theirs).max())
            assert worst <= TOLERANCE, f"prompt {p}: off by {worst:.2e}"
            assert (ours.argmax(-1) == theirs.argmax(-1)).all(), f"prompt {p}: another likeliest token"
        return f"within {worst:.1e}"

    def greedy(self, target):
        short = min((p for p in range(100) if f"{p}.input_ids" in self.golden), key=lambda p: len(self.golden[f"{p}.input_ids"]))
        due = self.golden[f"{short}.greedy"].tolist()[:GREEDY]
        plan = self.tools.plan(self.model, "--target", ",".join(TARGETS))
        found = self.tools.greedy(plan, self.golden[f"{short}.input_ids"], len(due), "--target", target, "--device", "sim")
        assert found == due, f"expected {due}, got {found}"

    def bits(self, target):
        """How a prompt is cut into steps and who runs it changes nothing."""
        ids = self.prompts()[0][0][:24]
        whole = self.run(target, ids, "--device", "sim")
        for chunk in (1, 3, 7):
            part = self.run(target, ids, "--device", "sim", "--chunk", chunk)
            assert (part == whole).all(), f"chunks of {chunk}: other bits, {np.abs(part - whole).max():.1e}"
        one = self.run(target, ids, "--device", "sim", "--threads", 1)
        assert (one == whole).all(), "one thread: other bits"

    def driver(self, target):
        ids, _ = self.prompts()[0]
        whole = self.run(target, ids, "--device", "sim")
        plan = self.tools.plan(self.model, "--target", ",".join(TARGETS))
        for seed in (1, 2):
            flags, environment = cuda(self.tools, seed)
            file = self.tools.folder / "cuda.npy"
            self.tools.call(self.tools.bin / "sluice", "run", plan, "--target", target, *flags, "--input-ids",
                            ",".join(map(str, ids)), "--max-tokens", 0, "-q", "--chunk", 16, "--logits", file, environment=environment)
            assert (np.load(file) == whole).all(), f"seed {seed}: other bits than the simulator alone"


def main():
    words = [word for word in sys.argv[2:] if word != "--full"]
    tools, tests = harness.Tools(sys.argv[1]), []
    for name in words or CHECKPOINTS:
        case = Case(tools, name, "--full" in sys.argv)
        for target in TARGETS:
            for what in ("logits", "greedy", "bits", "driver"):
                tests.append((f"{name}.{target}.{what}", lambda f=getattr(case, what), t=target: f(t)))
    return harness.main(tests)


if __name__ == "__main__":
    sys.exit(main())
