#!/usr/bin/env python3
"""How long tiny-v4 takes in the simulator: a prompt of 64 tokens and 8 more.

usage: sim_run.py BIN_FOLDER [--target sm_80] [--repetitions N]

Times `sluice run` whole, in turns without checks and with all of them; 2 threads.
Prints one JSON object: the medians, the samples, the bounds and whether each holds.
Exits with 1 if one does not.
"""
import argparse, json, os, pathlib, statistics, subprocess, sys, tempfile, time

TINY = pathlib.Path(__file__).resolve().parents[1] / "models/tiny-v4"
BOUNDS = {"sim": 3, "sim:checks=all": 12}  # seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bin", metavar="BIN_FOLDER", type=pathlib.Path)
    parser.add_argument("--target", default="sm_80")
    parser.add_argument("--repetitions", type=int, default=3)
    flags = parser.parse_args()
    ids = ",".join(str(1 + 7 * i % 500) for i in range(64))
    samples = {device: [] for device in BOUNDS}
    with tempfile.TemporaryDirectory(prefix="sluice-sim-") as folder:
        plan = os.path.join(folder, "tiny.plan")
        subprocess.run([flags.bin / "sluice", "compile", TINY, "-o", plan, "--target", flags.target], check=True)
        for _ in range(flags.repetitions):
            for device, seconds in samples.items():
                started = time.monotonic()
                subprocess.run([flags.bin / "sluice", "run", plan, "--device", device, "--input-ids", ids, "--max-tokens", "8",
                                "--ignore-eos", "--output-ids", "--threads", "2", "-q"], check=True, stdout=subprocess.DEVNULL)
                seconds.append(round(time.monotonic() - started, 2))
    medians = {device: statistics.median(seconds) for device, seconds in samples.items()}
    holds = {device: medians[device] <= most for device, most in BOUNDS.items()}
    print(json.dumps({"target": flags.target, "seconds": medians, "samples": samples, "bounds": BOUNDS, "holds": holds}, indent=1))
    return 0 if all(holds.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
