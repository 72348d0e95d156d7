#!/usr/bin/env python3
"""Applies each patch of this folder in turn to a copy of the tree and expects a
test to go red.

usage: run_mutants.py [--work DIR] [--check] [NAME ..]

  --work DIR  where the copy and its build are kept (build/mutants)
  --check     only see that every patch applies to the tree as it is
  NAME        only patches whose name contains it

A patch begins with the pitfall of the specification (section 14) that it falls
into ("gpu" for one of code for GPUs), the fault in words, and the test that sees it:

    red: golden CHECKPOINT ..   test/e2e/golden/golden_test.py
    red: bits                   test/e2e/golden/bits_test.py
    red: gtest PROGRAM          a GoogleTest program
    red: gpu                    the kernels alone, as PTX in the simulator

Each of these is first run without a patch, and must be green. Ends with
"N passed, N failed"; a mutant that survives, or does not build, has failed.
"""
import argparse, os, pathlib, re, shutil, subprocess, sys, time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
FIELD = re.compile(r"^(pitfall|fault|red): (.+)$", re.M)


class Mutant:
    def __init__(self, path):
        self.path = path
        self.name = path.stem
        fields = dict(FIELD.findall(path.read_text().split("\n\n", 1)[0]))
        assert set(fields) == {"pitfall", "fault", "red"}, f"{path}: its header lacks a field"
        self.fault, self.red = fields["fault"], tuple(fields["red"].split())

    def apply(self, tree, *flags):
        """True if it applied, exactly where it says."""
        done = subprocess.run(["patch", "-p1", "--fuzz=0", "-s", "-d", tree, "-i", self.path, *flags],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode:
            print(done.stdout, end="")
        return done.returncode == 0


class Copy:
    """The files of the tree as they are now, ignored ones left out, and a build of them."""

    def __init__(self, work):
        self.tree, self.build = work / "tree", work / "build"
        files = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, check=True, stdout=subprocess.PIPE)
        wanted = {name for name in files.stdout.decode().split("\0") if name and (ROOT / name).is_file()}
        for old in self.tree.rglob("*"):
            if old.is_file() and str(old.relative_to(self.tree)) not in wanted:
                old.unlink()
        for name in wanted:
            source, target = ROOT / name, self.tree / name
            if not target.exists() or target.read_bytes() != source.read_bytes():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(source, target)
        self.must("cmake", "--preset", "release", "-S", self.tree, "-B", self.build)

    def must(self, *command):
        done = self.call(*command)
        if done.returncode:
            sys.exit(f"{' '.join(map(str, command))} failed:\n{done.stdout[-4000:]}")

    def call(self, *command, **environment):
        return subprocess.run([str(c) for c in command], cwd=self.tree, text=True, errors="replace",
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              env=dict(os.environ, CCACHE_SLOPPINESS="pch_defines,time_macros", **environment))

    def builds(self, targets):
        return self.call("ninja", "-C", self.build, *targets)

    def targets(self, red):
        if red[0] == "gtest":
            return [red[1]]
        if red[0] == "gpu":
            return ["KernelTest"]
        return ["sluice", "sluice-compile", *(["SluiceApi"] if red[0] == "bits" else [])]

    def run(self, red):
        """The test's exit and output."""
        golden = self.tree / "test/e2e/golden"
        if red[0] == "gtest":
            return self.call(self.build / "test/bin" / red[1])
        if red[0] == "gpu":
            return self.call(self.build / "test/bin/KernelTest", SLUICE_KERNEL_TARGETS="sm_80")
        script = {"golden": "golden_test.py", "bits": "bits_test.py"}[red[0]]
        return self.call(sys.executable, golden / script, self.build / "bin", *red[1:])


def baseline(copy, mutants):
    """Every test that a patch names is green without it."""
    for red in sorted({m.red for m in mutants}):
        copy.must("ninja", "-C", copy.build, *copy.targets(red))
        started = time.monotonic()
        done = copy.run(red)
        if done.returncode:
            sys.exit(f"{' '.join(red)} is red without a patch:\n{done.stdout[-4000:]}")
        print(f"green   {' '.join(red)} ({time.monotonic() - started:.0f} s)", flush=True)


def kill(copy, mutant):
    """Whether a test sees it, and what it says."""
    if not mutant.apply(copy.tree):
        return False, "does not apply"
    try:
        built = copy.builds(copy.targets(mutant.red))
        if built.returncode:
            return False, "does not build: " + built.stdout[-1500:]
        done = copy.run(mutant.red)
        lines = [l for l in done.stdout.splitlines() if l.startswith(("failed", "[  FAILED  ]"))]
        return done.returncode != 0, lines[0][:150] if lines else f"exit code {done.returncode}"
    finally:
        mutant.apply(copy.tree, "-R") or sys.exit(f"{mutant.name} cannot be taken back")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=pathlib.Path, default=ROOT / "build/mutants")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("names", nargs="*", metavar="NAME")
    flags = parser.parse_args()
    mutants = [Mutant(p) for p in sorted(HERE.glob("*.patch"))]
    mutants = [m for m in mutants if not flags.names or any(n in m.name for n in flags.names)]
    passed = failed = 0
    copy = None
    if not flags.check:
        flags.work.mkdir(parents=True, exist_ok=True)
        copy = Copy(flags.work.resolve())
        baseline(copy, mutants)
    for mutant in mutants:
        started = time.monotonic()
        ok, words = (mutant.apply(ROOT, "--dry-run"), "") if flags.check else kill(copy, mutant)
        passed, failed = passed + ok, failed + (not ok)
        outcome = ("applies" if ok else "STALE") if flags.check else ("red" if ok else "SURVIVES")
        print(f"{outcome:8} {mutant.name}: {mutant.fault} ({time.monotonic() - started:.0f} s) {words}", flush=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
