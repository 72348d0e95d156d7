#!/usr/bin/env python3
"""Damaged models through sluice-compile: each ends with a sentence and the
documented exit code, and leaves no file behind.

usage: bad_input_test.py BIN_DIR [WORD]     only the cases with WORD in their name

Prints each failure, and "N passed, N failed, N skipped" at the end.
"""
import os, re, resource, shutil, subprocess, sys, tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import cases
from model import Model

BIN = os.path.abspath(sys.argv[1])
WORD = sys.argv[2] if len(sys.argv) > 2 else ""
LIMIT_S = 60
MOST_STDERR = 16 << 10  # nobody reads more, and a hostile file must not fill a log


class Score:
    def __init__(self):
        self.passed = self.failed = self.skipped = 0

    def add(self, what, faults):
        if faults:
            self.failed += 1
            print(f"FAIL {what}: " + "; ".join(faults))
        else:
            self.passed += 1


def compiler(arguments, **more):
    return subprocess.run([os.path.join(BIN, "sluice-compile"), *arguments], stdin=subprocess.DEVNULL,
                          stdout=more.pop("stdout", subprocess.PIPE), stderr=subprocess.PIPE,
                          text=True, errors="replace", timeout=LIMIT_S, **more)


def complaints(done, code, sentence):
    """What is wrong with how a process ended."""
    faults = []
    lines = done.stderr.rstrip("\n").split("\n")
    if done.returncode != code:
        faults.append(f"exit code {done.returncode}, expected {code}")
    if not any(re.search(sentence, line) for line in lines):
        faults.append(f"expected a line with {sentence!r}, found {done.stderr[:500]!r}")
    if not all(line.startswith("sluice-compile: ") for line in lines):
        faults.append(f"a line that is not ours: {done.stderr[:500]!r}")
    if len(done.stderr) > MOST_STDERR:
        faults.append(f"{len(done.stderr)} bytes of message")
    if re.search(r"[\x00-\x09\x0b-\x1f\x7f]", done.stderr):
        faults.append(f"control characters in {done.stderr[:500]!r}")
    return faults


def left_behind(folder, allowed=()):
    left = sorted(set(os.listdir(folder)) - set(allowed))
    return [f"left behind: {left}"] if left else []


def damaged_models(score, folder):
    sound = {golden: Model(golden) for golden in (cases.PLAIN, cases.RELEASED, cases.RUNTIME)}
    for number, (what, golden, change, code, sentence) in enumerate(cases.CASES):
        if WORD not in what:
            continue
        model = sound[golden].copy()
        change(model)
        place, out = os.path.join(folder, f"m{number}"), os.path.join(folder, f"o{number}")
        model.write(place)
        os.mkdir(out)
        try:
            faults = complaints(compiler([place, "-o", os.path.join(out, "x.plan")]), code, sentence)
        except subprocess.TimeoutExpired:
            faults = [f"not done after {LIMIT_S} s"]
        score.add(what, faults + left_behind(out))
        shutil.rmtree(place)


def wrong_usage(score, folder):
    model = os.path.join(folder, "sound")
    Model(cases.PLAIN).write(model)
    plan = os.path.join(folder, "usage", "x.plan")
    os.mkdir(os.path.dirname(plan))
    file = os.path.join(folder, "a-file")
    open(file, "w").close()
    table = [
        ("no model", ["-o", plan], 2, r"expected the folder of a model"),
        ("two models", [model, model, "-o", plan], 2, r"expected one MODEL_DIR"),
        ("no output", [model], 2, r"expected -o with the plan's file name"),
        ("a plan on standard output", [model, "-o", "-"], 2, r"cannot go to standard output"),
        ("unknown flag", [model, "-o", plan, "--targte=x86-64-v3"], 2, r"unknown flag --targte; did you mean --target\?"),
        ("unknown target", [model, "-o", plan, "--target=sm_70"], 2, r'found "sm_70"'),
        ("a target twice", [model, "-o", plan, "--target=x86-64-v3,x86-64-v3"], 2, r"each target once"),
        ("no target", [model, "-o", plan, "--target=,"], 2, r"expected at least one target"),
        ("unknown stage", [model, "--stop-after=parse"], 2, r'found "parse"'),
        ("unknown probe", [model, "-o", plan, "--keep=attention"], 2, r'expected --keep with experts or hidden, found "attention"'),
        ("threads in words", [model, "-o", plan, "--threads=all"], 2, r"threads"),
        ("a model that is not there", [os.path.join(folder, "none"), "-o", plan], 3, r"found .* not to exist"),
        ("a model that is a file", [file, "-o", plan], 3, r"to be no folder"),
        ("an output folder that is not there", [model, "-o", os.path.join(folder, "no/x.plan")], 8, r"no/x\.plan.*No such file"),
        ("an output that is a folder", [model, "-o", folder], 8, r"Is a directory"),
        ("a full device", [model, "-o", "/dev/full"], 8, r"/dev/full.*No space left"),
        ("IR to a full device", [model, "--stop-after=frontend", "-o", "/dev/full"], 8, r"No space left"),
        ("a dump folder that is a file", [model, "-o", plan, "--dump-ir", file], 8, r"--dump-ir"),
    ]
    for what, arguments, code, sentence in table:
        if WORD not in what:
            continue
        # One target: these compile to the end before they fail.
        if code == 8:
            arguments = arguments + ["--target=x86-64-v3"]
        faults = complaints(compiler(arguments), code, sentence)
        score.add(what, faults + left_behind(os.path.dirname(plan)))

    what = "standard output that is full"
    if WORD in what:
        with open("/dev/full", "w") as full:
            score.add(what, complaints(compiler([model, "--stop-after=frontend"], stdout=full), 8, r"No space left"))
    what = "a file-size limit"
    if WORD in what:
        limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (50000, 50000))
        done = compiler([model, "-o", plan, "--target=x86-64-v3"], preexec_fn=limit)
        score.add(what, complaints(done, 8, r"x\.plan.*File too large") + left_behind(os.path.dirname(plan)))


def bad_disks(score, folder):
    """An old plan on a disk that is full, or may not be written to."""
    model = os.path.join(folder, "sound")
    disk = os.path.join(folder, "disk")
    os.mkdir(disk)
    probe = subprocess.run(["unshare", "-rm", "mount", "-t", "tmpfs", "none", disk], capture_output=True)
    for what, options, sentence in (("a full disk", "size=64k", r"No space left.*free some space"),
                                    ("a read-only folder", "ro", r"Read-only file system")):
        if WORD not in what:
            continue
        if probe.returncode != 0:
            print(f"skipped: {what} (needs unshare and mount)")
            score.skipped += 1
            continue
        script = (f"mount -t tmpfs -o size=64k none {disk} && echo old > {disk}/x.plan && "
                  f"mount -o remount,{options} {disk} && "
                  f"{BIN}/sluice-compile {model} -o {disk}/x.plan --target=x86-64-v3; "
                  f"code=$?; ls -A {disk}; cat {disk}/x.plan; exit $code")
        done = subprocess.run(["unshare", "-rm", "sh", "-c", script], capture_output=True, text=True, timeout=LIMIT_S)
        faults = complaints(done, 8, sentence)
        if done.stdout != "x.plan\nold\n":
            faults.append(f"expected the old plan and nothing else, found {done.stdout!r}")
        score.add(what, faults)


def main():
    score = Score()
    with tempfile.TemporaryDirectory(prefix="sluice-bad-input-") as folder:
        # A test of refusals must know that the undamaged is taken.
        for golden in (cases.PLAIN, cases.RELEASED, cases.RUNTIME):
            Model(golden).write(os.path.join(folder, golden))
            done = compiler([os.path.join(folder, golden), "--stop-after=schedule", "-o", "/dev/null"])
            score.add(f"{golden}, undamaged", [done.stderr or "refused"] if done.returncode else [])
        damaged_models(score, folder)
        wrong_usage(score, folder)
        bad_disks(score, folder)
    print(f"{score.passed} passed, {score.failed} failed, {score.skipped} skipped")
    return 1 if score.failed or not score.passed else 0


if __name__ == "__main__":
    sys.exit(main())
