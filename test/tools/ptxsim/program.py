"""Runs the program `sluice-ptxsim` for the tests of this folder.

A test script is called with BIN_FOLDER; it makes (name, function) pairs and
hands them to harness.main.
"""
import json, os, pathlib, re, subprocess, sys, tempfile

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "e2e"))
import harness

TIMEOUT_S = 240
KERNELS = pathlib.Path(__file__).resolve().parent / "kernels"
CORPUS = harness.ROOT / "runtime/device/sim/corpus/ptx/clang"


class Program:
    def __init__(self, arguments):
        self.tool = pathlib.Path(arguments[1]).resolve() / "sluice-ptxsim"
        self.temporary = tempfile.TemporaryDirectory(prefix="sluice-ptxsim-")
        self.folder = pathlib.Path(self.temporary.name)
        self.sanitized = b"__asan_init" in self.tool.read_bytes()

    def path(self, name, data=None):
        """A path in a folder of this test, with `data` (bytes or text) in it."""
        path = self.folder / name
        if data is not None:
            path.write_bytes(data.encode() if isinstance(data, str) else data)
        return path

    def npy(self, name, array):
        path = self.path(name)
        np.save(path, array)
        return path

    def start(self, *words, **more):
        return subprocess.Popen([self.tool, *(w if isinstance(w, bytes) else str(w) for w in words)], **more)

    def run(self, *words, code=0, stdout=subprocess.PIPE, **more):
        """(standard output, standard error) of a run that must exit with `code`."""
        process = self.start(*words, stdin=subprocess.DEVNULL, stdout=stdout, stderr=subprocess.PIPE, **more)
        try:
            out, err = process.communicate(timeout=TIMEOUT_S)
        finally:
            process.kill()
        err = err.decode(errors="replace")
        assert process.returncode == code, f"expected exit code {code}, got {process.returncode}: {err[-2000:]}"
        return (out or b"").decode(), err

    def json(self, *words, **more):
        return json.loads(self.run(*words, "--json", **more)[0])

    def launch(self, file, grid, block, arguments, *flags, **more):
        words = [w for argument in arguments for w in ("--arg", argument)]
        return self.run("run", file, "--grid", grid, "--block", block, *words, *flags, **more)

    def refuses(self, words, code, sentence, **more):
        """Exit code and sentence of a failure, which is ours and one line, with
        a hint under it where usage is wrong."""
        _, err = self.run(*words, code=code, **more)
        lines = err.rstrip("\n").split("\n")
        assert re.search(sentence, lines[0]), f"expected {sentence!r}, found {err[:500]!r}"
        assert lines[0].startswith("sluice-ptxsim"), f"a line that is not ours: {err[:500]!r}"
        assert all(line.startswith('Run "sluice-ptxsim') for line in lines[1:]), f"more than a sentence: {err[:500]!r}"
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", err), f"control characters: {err[:500]!r}"
        assert len(err) < 4096, f"{len(err)} bytes of message"


def same(ours, theirs, what=""):
    assert ours == theirs, f"{what}: {ours!r:.500} is not {theirs!r:.500}"
