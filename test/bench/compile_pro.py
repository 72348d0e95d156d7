#!/usr/bin/env python3
"""What compiling costs: V4-Pro's shapes at 61 and at 6 layers, and tiny-v4.

usage: compile_pro.py BIN_FOLDER [--target LIST] [--repetitions N] [--sizes-only]

  --target LIST    as sluice compile takes it; with a GPU among them, the bounds
                   are those of two targets

  --repetitions N  compile each model this often; times are medians (3)
  --sizes-only     only the sizes of the plans, which are the same on every
                   machine; ends with "N passed, N failed"

Prints one JSON object: seconds, peak memory and plan of each model, the bounds
and whether each holds. Exits with 1 if one does not.
"""
import argparse, json, os, pathlib, statistics, subprocess, sys, tempfile, time

import make_sparse_pro

TINY = pathlib.Path(__file__).resolve().parents[1] / "models/tiny-v4"
RATIO = 1.5
# Seconds and MiB of V4-Pro's shapes, seconds of tiny-v4: for CPUs, and with a GPU.
CPU_BOUNDS, GPU_BOUNDS = (60, 1536, 20), (120, 2048, 40)


def compile_once(tool, model, plan, target):
    """Seconds and the most MiB of it and its children."""
    started = time.monotonic()
    child = subprocess.Popen([tool, "compile", model, "-o", plan, "--target", target], stdin=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        sys.exit(f"sluice compile {model} ended with {child.returncode}")
    return time.monotonic() - started, usage.ru_maxrss / 1024


def measure(tool, model, plan, target, repetitions):
    runs = [compile_once(tool, model, plan, target) for _ in range(repetitions)]
    seconds = [round(s, 2) for s, _ in runs]
    return {"seconds": statistics.median(seconds), "samples": seconds,
            "peak_mib": round(max(mib for _, mib in runs), 1), "plan_bytes": plan.stat().st_size}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bin", metavar="BIN_FOLDER", type=pathlib.Path)
    parser.add_argument("--target", default="cpu")
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--sizes-only", action="store_true")
    flags = parser.parse_args()
    tool, found = flags.bin.resolve() / "sluice", {}
    with tempfile.TemporaryDirectory(prefix="sluice-pro-") as folder:
        folder = pathlib.Path(folder)
        for layers in (61, 6):
            model = folder / f"pro-{layers}"
            make_sparse_pro.write(model, layers)
            found[model.name] = measure(tool, model, folder / "pro.plan", flags.target, 1 if flags.sizes_only else flags.repetitions)
        if not flags.sizes_only:
            found["tiny-v4"] = measure(tool, TINY, folder / "tiny.plan", flags.target, flags.repetitions)
    ratio = round(found["pro-61"]["plan_bytes"] / found["pro-6"]["plan_bytes"], 3)
    bounds = [("ratio", ratio, RATIO)]
    if not flags.sizes_only:
        pro_seconds, pro_mib, tiny_seconds = GPU_BOUNDS if "sm_" in flags.target else CPU_BOUNDS
        bounds += [("pro-61 seconds", found["pro-61"]["seconds"], pro_seconds),
                   ("pro-61 peak_mib", found["pro-61"]["peak_mib"], pro_mib),
                   ("tiny-v4 seconds", found["tiny-v4"]["seconds"], tiny_seconds)]
    found["ratio"] = ratio
    found["bounds"] = {what: {"found": value, "most": most, "holds": value <= most} for what, value, most in bounds}
    print(json.dumps(found, indent=1))
    missed = sum(value > most for _, value, most in bounds)
    if flags.sizes_only:
        print(f"{len(bounds) - missed} passed, {missed} failed")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
