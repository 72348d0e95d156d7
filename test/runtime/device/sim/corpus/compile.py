#!/usr/bin/env python3
"""Compiles the corpus: kernels/*.cu to PTX for each target.

    compile.py                 writes ptx/clang/<name>.<target>.ptx again
    compile.py --check         fails if one of those is not what clang prints now
    compile.py --nvcc OUT      writes OUT/<name>.<target>.ptx with nvcc

All PTX is assembled with ptxas where there is one. --check without clang-22 or
without CUDA's headers, and --nvcc without nvcc, end with exit code 77: skipped.
"""

import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
KERNELS = HERE / "kernels"
CUDA = pathlib.Path(os.environ.get("CUDA_PATH", "/usr/local/cuda"))
# e4m3 needs sm_89.
ONLY_SM_90 = {"gemm_fp8", "quantize_fp8"}
SKIPPED = 77


def tool(name):
    """The path of a program, on the PATH or in the CUDA toolkit; None if absent."""
    inside = CUDA / "bin" / name
    return shutil.which(name) or (str(inside) if inside.exists() else None)


def jobs():
    """All (source, target) that the corpus has."""
    for source in sorted(KERNELS.glob("*.cu")):
        for target in ("sm_80", "sm_90"):
            if target == "sm_90" or source.stem not in ONLY_SM_90:
                yield source, target


def run(command):
    done = subprocess.run(command, capture_output=True, text=True, cwd=KERNELS)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}\n{done.stdout}{done.stderr}")


def clang(source, target, output):
    run([
        "clang-22", "-x", "cuda", "--cuda-device-only", "-S", "-O3", "-std=c++20",
        f"--cuda-gpu-arch={target}", f"--cuda-path={CUDA}", "-Wall", "-Wextra", "-Werror",
        "-Wno-sign-compare", "-Wno-unknown-cuda-version", source.name, "-o", str(output)
    ])


def nvcc(source, target, output):
    run([tool("nvcc"), "-ptx", "-O3", "-std=c++20", f"-arch={target}", source.name,
         "-o", str(output)])


def assemble(ptx, target):
    """True if ptxas was there to say yes."""
    if ptxas := tool("ptxas"):
        run([ptxas, f"-arch={target}", str(ptx), "-o", os.devnull])
        return True
    return False


def compile_all(compiler, folder):
    folder.mkdir(parents=True, exist_ok=True)
    assembled = False
    for source, target in jobs():
        output = folder / f"{source.stem}.{target}.ptx"
        compiler(source, target, output)
        assembled = assemble(output, target)
    print(f"{len(list(jobs()))} PTX files in {folder}" +
          ("" if assembled else "; not assembled, there is no ptxas"))


def check(folder):
    """The names of the files of `folder` that are not what clang prints now."""
    with tempfile.TemporaryDirectory() as fresh:
        fresh = pathlib.Path(fresh)
        compile_all(clang, fresh)
        names = {f.name for f in fresh.iterdir()} | {f.name for f in folder.iterdir()}
        return sorted(
            n for n in names
            if not (fresh / n).exists() or not (folder / n).exists() or
            (fresh / n).read_text() != (folder / n).read_text())


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--check", action="store_true", help="compare, write nothing")
    mode.add_argument("--nvcc", metavar="OUT", help="compile with nvcc to this folder")
    options = parser.parse_args()
    folder = HERE / "ptx" / "clang"

    if options.nvcc:
        if not tool("nvcc"):
            print("skipped: there is no nvcc")
            return SKIPPED
        compile_all(nvcc, pathlib.Path(options.nvcc).resolve())
        return 0
    if not shutil.which("clang-22") or not (CUDA / "include" / "cuda_runtime.h").exists():
        print(f"skipped: clang-22 and the CUDA toolkit in {CUDA} are needed")
        return SKIPPED
    if not options.check:
        compile_all(clang, folder)
        return 0
    stale = check(folder)
    for name in stale:
        print(f"not what clang-22 prints now: {folder / name}; run {__file__}")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
