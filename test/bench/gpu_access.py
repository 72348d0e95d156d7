#!/usr/bin/env python3
"""What the products of V4-Pro's shapes ask of a GPU's memory in one decode step, as the
simulator counts it: bytes against bytes of weights, sectors, bank conflicts.

usage: gpu_access.py BIN_FOLDER [--layers N] [--target sm_80]

Weights are zeros in files without blocks, so it needs no disk; three layers (default)
have each kind of product. Prints a line of JSON for each kernel, and exits with 1 if one
is over a limit of `gpu-access --check`.
"""
import argparse, pathlib, subprocess, sys, tempfile

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
        return subprocess.run([options.bin / "gpu-access", "--check", plan, options.target]).returncode


if __name__ == "__main__":
    sys.exit(main())
