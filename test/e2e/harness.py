"""Runs the tools of a build folder for the end-to-end tests.

A test is a function that raises AssertionError; `main` runs a list of them and
ends with "N passed, N failed, N skipped".
"""
import os, pathlib, re, subprocess, sys, tempfile, time, traceback

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parent.parent
CHECKPOINTS = {name: ROOT / folder / name for folder, name in (
    ("golden", "v4-runtime"), ("golden", "v4-released"), ("golden", "v4-base"),
    ("golden", "v4-plain-bf16"), ("golden", "v4-saved-bf16"), ("models", "tiny-v4"))}


GPU_TARGETS = "sm_80,sm_120"


class Skip(Exception):
    """Why a test does not apply to this machine."""


class Tools:
    """The programs in `bin`, with a folder for what they write. Plans are
    compiled once a set of flags."""

    def __init__(self, bin_folder):
        self.bin = pathlib.Path(bin_folder).resolve()
        self.temporary = tempfile.TemporaryDirectory(prefix="sluice-e2e-")
        self.folder = pathlib.Path(self.temporary.name)
        self.plans = {}

    def call(self, *command, code=0, environment=None):
        """Standard output of a program that must exit with `code`."""
        done = subprocess.run([str(c) for c in command], stdin=subprocess.DEVNULL, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, errors="replace",
                              env=dict(os.environ, **(environment or {})))
        assert done.returncode == code, (
            f"expected exit code {code}, got {done.returncode}: {' '.join(map(str, command))}\n"
            f"{done.stderr[-2000:]}")
        return done.stdout if code == 0 else done.stderr

    def shared_plan(self, name, gpu=False):
        """Where test/e2e/plans puts the plan of a checkpoint, for CPUs or for GPUs."""
        return self.bin.parent / "test" / "plans" / f"{name}{'.gpu' if gpu else ''}.plan"

    def is_fresh(self, plan, model):
        """Is the plan newer than the compiler and all that it read?"""
        sources = [self.bin / "sluice-compile", *model.iterdir()]
        return plan.exists() and plan.stat().st_mtime > max(s.stat().st_mtime for s in sources)

    def plan(self, model, *flags):
        shared = self.shared_plan(model.name)
        if CHECKPOINTS.get(model.name) == model and not flags and self.is_fresh(shared, model):
            return shared
        key = (str(model), flags)
        if key not in self.plans:
            path = self.folder / f"{len(self.plans)}.plan"
            self.call(self.bin / "sluice", "compile", model, "-o", path, *flags)
            self.plans[key] = path
        return self.plans[key]

    def fusions(self):
        """The names that --fuse takes, in the order in which the passes run."""
        listed = self.call(self.bin / "sluice", "compile", "--list-passes")
        return re.findall(r"^sluice-fuse-(.+)$", listed, re.M)

    def gpu_plan(self, model):
        """A plan for GPU_TARGETS."""
        shared = self.shared_plan(model.name, gpu=True)
        return shared if self.is_fresh(shared, model) else self.plan(model, "--target", GPU_TARGETS)

    def evaluate(self, plan, ids, *flags, outputs=("logits",), wrapper=()):
        """Outputs of every token of `ids`, by name; [T, ..] each."""
        np.save(self.folder / "ids.npy", np.asarray(ids, np.int32))
        files = {name: self.folder / f"{name}.npy" for name in outputs}
        for file in files.values():
            file.unlink(missing_ok=True)
        named = [f for name, file in files.items() for f in ("--output", f"{name}={file}")]
        self.call(*wrapper, self.bin / "sluice", "run", plan, "--input-ids",
                  f"@{self.folder / 'ids.npy'}", "--max-tokens", 0, "-q", *named, *flags)
        return {name: np.load(file) for name, file in files.items()}

    def greedy(self, plan, ids, count, *flags):
        """The next `count` likeliest tokens."""
        text = self.call(self.bin / "sluice", "run", plan, "--input-ids",
                         ",".join(str(int(i)) for i in ids), "--max-tokens", count,
                         "--output-ids", "--ignore-eos", "-q", *flags)
        return [int(word) for word in text.replace(",", " ").split()]


def main(tests, summary=None):
    """Runs (name, function) pairs, then `summary`; the exit code."""
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    for name, test in tests:
        started = time.monotonic()
        try:
            detail, outcome = test() or "", "passed"
        except Skip as why:
            detail, outcome = str(why), "skipped"
        except Exception as fault:  # a broken test has failed, and the rest still run
            plain = isinstance(fault, AssertionError)
            detail, outcome = str(fault) if plain else traceback.format_exc(), "failed"
        counts[outcome] += 1
        print(f"{outcome:7} {name} ({time.monotonic() - started:.1f} s) {detail}", flush=True)
    if summary:
        summary()
    print(", ".join(f"{number} {outcome}" for outcome, number in counts.items()))
    return 1 if counts["failed"] or not counts["passed"] else 0
