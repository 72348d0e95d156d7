#!/usr/bin/env python3
"""What each fusion of `sluice compile` gains: on against off, in one run.

usage: fusion.py BIN_FOLDER [--model DIR] [--rounds N] [--target sm_80]

Compiles the model (default: the bundled tiny-v4) without fusions, with each alone, with
all, and with all but each. Of each plan:

  launches, buffers   of a decode step, as `sluice dump --cost` says: bytes of buffers
                      written and read
  gpu                 of a decode step in the simulator: bytes of the 32-byte sectors that
                      loads from global memory ask for, bytes stored there, and warp
                      instructions
  cpu                 tokens/s of `sluice bench`, decode and prefill. In each round the two
                      plans of each comparison run one after the other, in turns first; a
                      gain is the median over the rounds of their ratio, between its quartiles

Plans with one fusion are compared with none ("alone"), those with all with those that
lack one ("last"). Prints one JSON object; progress goes to standard error.
"""
import argparse, json, os, pathlib, statistics, sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
import harness

PARTS = {"decode": ("--prefill", 1, "--decode", 96), "prefill": ("--prefill", 384, "--decode", 0)}


class Plans:
    """One plan a choice of fusions, for the CPU and a GPU."""

    def __init__(self, tools, model, target):
        self.tools, self.model, self.target = tools, model, target

    def path(self, fuse):
        return self.tools.plan(self.model, "--fuse", fuse, "--target", f"cpu,{self.target}", "--threads", 2)

    def call(self, program, *words):
        return self.tools.call(self.tools.bin / program, *words)

    def cost(self, fuse):
        dump = json.loads(self.call("sluice", "dump", "--cost", "--json", self.path(fuse)))
        decode = dump["cost_examples"][0]
        return {"launches": decode["launches"], "buffers": decode["buffers"], "step": dump["step_cost"][-1]}

    def gpu(self, fuse):
        rows = [json.loads(line) for line in self.call("gpu-access", self.path(fuse), self.target).splitlines()]
        total = lambda key: sum(row[key] for row in rows)
        return {"loaded": 32 * total("sectors"), "stored": total("stored"), "warp_instructions": total("warp_instructions")}

    def speed(self, fuse, part):
        report = json.loads(self.call("sluice", "bench", self.path(fuse), "--device", "cpu", "--json", "--repetitions", 3,
                                      "--warmup", 1, *PARTS[part]))
        return next(row["median"] for row in report["results"] if row["what"] == part)


def compare(plans, pairs, rounds):
    """Of each pair (a, b) of choices and each part: by how much a is faster than b."""
    ratios = {pair: {part: [] for part in PARTS} for pair in pairs}
    for i in range(rounds):
        print(f"round {i + 1} of {rounds}", file=sys.stderr)
        for pair in pairs:
            for part, found in ratios[pair].items():
                first = plans.speed(pair[i % 2], part)
                other = plans.speed(pair[1 - i % 2], part)
                found.append(other / first if i % 2 else first / other)
    return {pair: {part: spread(found) for part, found in parts.items()} for pair, parts in ratios.items()}


def spread(ratios):
    low, middle, high = statistics.quantiles(ratios, n=4, method="inclusive")
    return {"gain": round(middle, 3), "quartiles": [round(low, 3), round(high, 3)]}


def main():
    flags = argparse.ArgumentParser(usage=__doc__)
    flags.add_argument("bin", type=pathlib.Path)
    flags.add_argument("--model", type=pathlib.Path, default=harness.CHECKPOINTS["tiny-v4"])
    flags.add_argument("--rounds", type=int, default=21)
    flags.add_argument("--target", default="sm_80")
    options = flags.parse_args()
    if options.rounds < 2:
        flags.error(f"expected --rounds of at least 2, as quartiles need, found {options.rounds}")
    tools = harness.Tools(options.bin)
    plans, fusions = Plans(tools, options.model, options.target), tools.fusions()
    facts = {}
    for fuse in ["none", *fusions, "all", *(f"all,-{name}" for name in fusions)]:
        print(f"compile and count {fuse}", file=sys.stderr)
        facts[fuse] = {**plans.cost(fuse), "gpu": plans.gpu(fuse)}
    alone = {name: (name, "none") for name in fusions}
    last = {name: ("all", f"all,-{name}") for name in fusions}
    gains = compare(plans, [*alone.values(), *last.values(), ("all", "none")], options.rounds)
    report = {"model": str(options.model), "threads": len(os.sched_getaffinity(0)), "rounds": options.rounds, "plans": facts}
    report["alone"] = {name: gains[pair] for name, pair in alone.items()}
    report["last"] = {name: gains[pair] for name, pair in last.items()}
    report["all"] = gains["all", "none"]
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
