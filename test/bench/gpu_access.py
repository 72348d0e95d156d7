#!/usr/bin/env python3
"""What the products of V4-Pro's shapes ask of a GPU's memory in one decode step, as the
simulator counts it: bytes against bytes of weights, sectors, bank conflicts.

usage: gpu_access.py BIN_FOLDER [--layers N] [--target sm_80]

Weights are zeros in files without blocks, so it needs no disk; three layers (default)
have each kind of product. Prints a line of JSON for each, and exits with 1 if one asks
for sectors of more than 1.1 times its weights (of 64 outputs or more), for more of them
than its requests must touch, or has more than 5 % of conflicts.
"""
import argparse, json, pathlib, subprocess, sys, tempfile

HERE = pathlib.Path(__file__).resolve().parent


def main():
    flags = argparse.ArgumentParser(usage=__doc__)
    flags.add_argument("bin", type=pathlib.Path)
    flags.add_argument("--layers", type=int, default=3)
    flags.add_argument("--target", default="sm_80")
    options = flags.parse_args()
    with tempfile.TemporaryDirectory(prefix="sluice-access-") as folder:
        model, plan = pathlib.Path(folder) / "pro", pathlib.Path(folder) / "pro.plan"
        subprocess.run([sys.executable, HERE / "make_sparse_pro.py", model, "--layers", str(options.layers)], check=True, stdout=subprocess.DEVNULL)
        subprocess.run([options.bin / "sluice-compile", model, "-o", plan, "--target", options.target], check=True)
        done = subprocess.run([options.bin / "gpu-access", plan, options.target], check=True, stdout=subprocess.PIPE, text=True)
    bad = 0
    for line in done.stdout.splitlines():
        row = json.loads(line)
        if not row["kernel"].startswith(("linear_", "matmul_")):
            continue
        row["ratio"] = round(row["sectors"] * 32 / row["weights"], 3)
        rows = int(row["kernel"].split("_")[1].split("x")[-2])  # outputs
        good = row["sectors"] <= row["ideal"] and row["conflicts"] * 20 <= row["wavefronts"] and (row["ratio"] <= 1.1 or rows < 64)
        bad += not good
        print(json.dumps(row))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
