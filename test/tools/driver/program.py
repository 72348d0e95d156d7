"""Runs the program `sluice` for the tests of this folder.

A test script is called with BIN_FOLDER PLANS_FOLDER (test/e2e/plans); it makes
(name, function) pairs and hands them to harness.main.
"""
import json, os, pathlib, re, struct, subprocess, sys, tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "e2e"))
import harness

NO_PLANS = 77  # exit code: there is nothing to test with
TIMEOUT_S = 240
MODEL = harness.CHECKPOINTS["tiny-v4"]
STORED = {"F8_E4M3": "F8E4M3", "F8_E8M0": "F8E8M0", "I8": "F4E2M1x2", "U8": "F4E2M1x2"}


class Program:
    def __init__(self, arguments):
        self.sluice = pathlib.Path(arguments[1]).resolve() / "sluice"
        self.plans = pathlib.Path(arguments[2]).resolve()
        self.tiny = self.plans / "tiny-v4.plan"
        if not self.tiny.exists():
            print(f"skipped: no plans in {self.plans}; the test Plans of a release build makes them")
            sys.exit(NO_PLANS)
        self.temporary = tempfile.TemporaryDirectory(prefix="sluice-driver-")
        self.folder = pathlib.Path(self.temporary.name)
        self.sanitized = b"__asan_init" in self.sluice.read_bytes()

    def path(self, name, data=None):
        """A path in a folder of this test, with `data` (bytes or text) in it."""
        path = self.folder / name
        if data is not None:
            path.write_bytes(data.encode() if isinstance(data, str) else data)
        return path

    def start(self, *words, env=None, **more):
        clean = {k: v for k, v in os.environ.items() if not k.startswith("SLUICE_")}
        return subprocess.Popen([self.sluice, *(w if isinstance(w, bytes) else str(w) for w in words)],
                                env=dict(clean, **(env or {})), **more)

    def run(self, *words, code=0, stdin=b"", env=None, stdout=subprocess.PIPE, **more):
        """(standard output, as bytes; standard error) of a run that must exit
        with `code`."""
        process = self.start(*words, env=env, stdin=subprocess.PIPE, stdout=stdout, stderr=subprocess.PIPE, **more)
        try:
            out, err = process.communicate(stdin.encode() if isinstance(stdin, str) else stdin, timeout=TIMEOUT_S)
        finally:
            process.kill()
        err = err.decode(errors="replace")
        assert process.returncode == code, f"expected exit code {code}, got {process.returncode}: {err[-2000:]}"
        return out, err

    def text(self, *words, **more):
        return self.run(*words, **more)[0].decode()  # all we print is UTF-8

    def ids(self, *words, **more):
        return [int(i) for i in self.text(*words, "--output-ids", "-q", **more).replace(",", " ").split()]

    def json(self, *words, **more):
        return json.loads(self.text(*words, "--json", **more))

    def refuses(self, words, code, sentence, **more):
        """Exit code and sentence of a failure, which is ours and one line, with
        a hint under it where usage is wrong."""
        out, err = self.run(*words, code=code, **more)
        lines = err.rstrip("\n").split("\n")
        assert re.search(sentence, lines[0]), f"expected {sentence!r}, found {err[:500]!r}"
        assert lines[0].startswith("sluice"), f"a line that is not ours: {err[:500]!r}"
        assert all(line.startswith('Run "sluice') for line in lines[1:]), f"more than a sentence: {err[:500]!r}"
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", err), f"control characters: {err[:500]!r}"
        assert len(err) < 4096, f"{len(err)} bytes of message"
        return out


def same(ours, theirs, what=""):
    assert ours == theirs, f"{what}: {ours!r:.500} is not {theirs!r:.500}"


def headers():
    """name -> (dtype as the plan calls it, shape), of the checkpoint."""
    found = {}
    for path in MODEL.glob("model*.safetensors"):
        with open(path, "rb") as file:
            length, = struct.unpack("<Q", file.read(8))
            for name, entry in json.loads(file.read(length)).items():
                if name != "__metadata__":
                    found[name] = STORED.get(entry["dtype"], entry["dtype"]), entry["shape"]
    return found
