#!/usr/bin/env python3
"""What each fusion of `sluice compile` gains: on against off, in one run.

usage: fusion.py BIN_FOLDER [--model DIR] [--rounds N] [--target sm_80]

Compiles the model (default: the bundled tiny-v4) without fusions, with each alone, with
all, and with all but each. Of each plan:

  launches, buffers   of a decode step, as `sluice dump --cost` says: bytes of buffers
                      written and read
  gpu                 of a decode step in the simulator: bytes that lanes load from and
                      store to global memory, and warp instructions
  cpu                 tokens/s of `sluice bench`, decode and prefill. In each round every
                      plan runs once; a gain is the median, over the rounds, of the ratio
                      to the plan compared with, and `range` the least and largest

Plans with one fusion are compared with none ("alone"), those with all with those that
lack one ("last"). Prints one JSON object; progress goes to standard error.
"""
import argparse, json, os, pathlib, statistics, subprocess, sys, tempfile

HERE = pathlib.Path(__file__).resolve().parent
FUSIONS = ("gate", "experts", "indexer", "streams", "shared-input", "row-tails")
PARTS = {"decode": ("--prefill", 1, "--decode", 96), "prefill": ("--prefill", 384, "--decode", 0)}


class Plans:
    """One plan a choice of fusions, for the CPU and a GPU."""

    def __init__(self, options, folder):
        self.bin, self.target, self.folder = options.bin, options.target, pathlib.Path(folder)
        self.model = options.model

    def call(self, *words):
        return subprocess.run([str(word) for word in words], check=True, stdout=subprocess.PIPE, text=True).stdout

    def make(self, fuse):
        path = self.path(fuse)
        self.call(self.bin / "sluice", "compile", self.model, "-o", path, "--fuse", fuse, "--target", f"cpu,{self.target}", "--threads", 2)

    def path(self, fuse):
        return self.folder / f"{fuse}.plan"

    def cost(self, fuse):
        dump = json.loads(self.call(self.bin / "sluice", "dump", "--cost", "--json", self.path(fuse)))
        decode = dump["cost_examples"][0]
        return {"launches": decode["launches"], "buffers": decode["buffers"], "step": dump["step_cost"][-1]}

    def gpu(self, fuse):
        rows = [json.loads(line) for line in self.call(self.bin / "gpu-access", self.path(fuse), self.target).splitlines()]
        return {key: sum(row[key] for row in rows) for key in ("loaded", "stored", "warp_instructions")}

    def speed(self, fuse, part):
        report = json.loads(self.call(self.bin / "sluice", "bench", self.path(fuse), "--device", "cpu", "--json", "--repetitions", 3,
                                      "--warmup", 1, *PARTS[part]))
        return next(row["median"] for row in report["results"] if row["what"] == part)


def gain(speeds, fuse, against):
    """Of each part: by how much `fuse` is faster than `against`."""
    found = {}
    for part, of in speeds.items():
        ratios = [a / b for a, b in zip(of[fuse], of[against])]
        found[part] = {"gain": round(statistics.median(ratios), 3), "range": [round(min(ratios), 3), round(max(ratios), 3)]}
    return found


def main():
    flags = argparse.ArgumentParser(usage=__doc__)
    flags.add_argument("bin", type=pathlib.Path)
    flags.add_argument("--model", type=pathlib.Path, default=HERE.parent / "models/tiny-v4")
    flags.add_argument("--rounds", type=int, default=7)
    flags.add_argument("--target", default="sm_80")
    options = flags.parse_args()
    choices = ["none", *FUSIONS, "all", *(f"all,-{name}" for name in FUSIONS)]
    with tempfile.TemporaryDirectory(prefix="sluice-fusion-") as folder:
        plans = Plans(options, folder)
        for fuse in choices:
            print(f"compile and count {fuse}", file=sys.stderr)
            plans.make(fuse)
        facts = {fuse: {**plans.cost(fuse), "gpu": plans.gpu(fuse)} for fuse in choices}
        speeds = {part: {fuse: [] for fuse in choices} for part in PARTS}
        for i in range(options.rounds):
            print(f"round {i + 1} of {options.rounds}", file=sys.stderr)
            for part in PARTS:
                for fuse in choices[i % len(choices):] + choices[:i % len(choices)]:
                    speeds[part][fuse].append(plans.speed(fuse, part))
    report = {"model": str(options.model), "threads": len(os.sched_getaffinity(0)), "rounds": options.rounds, "plans": facts}
    report["alone"] = {name: gain(speeds, name, "none") for name in FUSIONS}
    report["last"] = {name: gain(speeds, "all", f"all,-{name}") for name in FUSIONS}
    report["all"] = gain(speeds, "all", "none")
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
