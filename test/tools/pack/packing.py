"""Runs `sluice pack` for the tests of this folder, and knows with numpy alone what
it must write. A test script is called with BIN_FOLDER.
"""
import json, pathlib, re, subprocess, sys, tempfile

import numpy as np

for folder in ("e2e", "numerics"):
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / folder))
import checkpoint, harness, rounding

SOURCES = ("v4-plain-bf16", "v4-runtime")  # released names in BF16; transformers' in F32, experts stacked
RULES = "dense=fp8,experts=mxfp4"
FLOOR = 2.0**-126  # smallest scale
TIMEOUT_S = 300
# Which weights of the released model have a format (spec 11.2), without ".weight".
DENSE = re.compile(r"(layers|mtp)\.\d+\.([eh]_proj|attn\.(wq_a|wq_b|wkv|wo_a|wo_b|indexer\.wq_b)|ffn\.shared_experts\.w[123])$")
EXPERT = re.compile(r"(layers|mtp)\.\d+\.ffn\.experts\.\d+\.w[123]$")


class Packer:
    def __init__(self):
        self.bin = pathlib.Path(sys.argv[1]).resolve()
        self.temporary = tempfile.TemporaryDirectory(prefix="sluice-pack-")
        self.folder = pathlib.Path(self.temporary.name)
        self.made = 0

    def new(self, name="packed"):
        self.made += 1
        return self.folder / f"{name}-{self.made}"

    def start(self, *words, **more):
        return subprocess.Popen([self.bin / "sluice", *map(str, words)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True, errors="replace", **more)

    def run(self, *words, code=0, **more):
        """(standard output, standard error) of a run that must exit with `code`."""
        process = self.start(*words, **more)
        out, err = process.communicate(timeout=TIMEOUT_S)
        assert process.returncode == code, f"expected exit code {code}, got {process.returncode}: {err[-2000:]}"
        return out, err

    def pack(self, source, *flags, rules=RULES, to=None):
        """(folder, report) of a pack."""
        to = to or self.new()
        out, _ = self.run("pack", source, "-o", to, f"--quantize={rules}", "--json", *flags)
        return to, json.loads(out)

    def refuses(self, words, code, sentence, program="sluice pack", **more):
        _, err = self.run(*words, code=code, **more)
        lines = err.rstrip("\n").split("\n")
        assert re.search(sentence, lines[0]), f"expected {sentence!r}, found {err[:600]!r}"
        assert lines[0].startswith(program), err[:600]
        assert all(line.startswith(("Run ", "sluice-compile: run ")) for line in lines[1:]), f"more than a sentence: {err[:600]!r}"


def source_values(folder):
    """{released name without .weight: f64 or integers}, experts one by one."""
    loaded, values = checkpoint.Checkpoint(folder), {}
    tensors = packed_tensors(folder)
    for name, tensor in tensors.items():  # of drafts
        if name.startswith("mtp.") and not (name.endswith(".scale") and name.removesuffix(".scale") in tensors):
            scale = tensors.get(name + ".scale")
            values[name] = checkpoint.decode(*tensor, scale and checkpoint.decode(*scale))
    for name, value in loaded.values.items():
        if found := re.match(r"(.*\.experts)\.(w[123])$", name):
            values |= {f"{found[1]}.{e}.{found[2]}": value[e] for e in range(len(value))}
        else:
            values[name] = value
    return values


def packed_tensors(folder):
    return {checkpoint.released_name(name): tensor for name, tensor in checkpoint.read_tensors(folder).items()}


def fp8(x):
    """(values, exponents of the scales) of 128x128 blocks."""
    out, exponents = np.empty_like(x), np.empty([-(-n // 128) for n in x.shape], int)
    for i in range(0, x.shape[0], 128):
        for j in range(0, x.shape[1], 128):
            block = x[i:i + 128, j:j + 128]
            exponent = rounding.scale_exponent(max(np.abs(block).max(), 448 * FLOOR), 448)
            exponents[i // 128, j // 128] = exponent
            scale = 2.0**exponent
            out[i:i + 128, j:j + 128] = rounding.e4m3(np.clip(block / scale, -448, 448)) * scale
    return out, exponents


def mxfp4(x, search, importance=None):
    """(values, exponents of the scales) of groups of 32. `search`: the steps below the
    least power of two without clamping that are tried; of equals the largest stays."""
    groups = x.reshape(x.shape[0], -1, 32)
    weights = np.ones(x.shape[1]) if importance is None else importance
    weights = weights.reshape(-1, 32)
    top = rounding.scale_exponent(np.maximum(np.abs(groups).max(-1), 6 * FLOOR), 6)
    best = None
    for step in range(search + 1):
        exponents = np.maximum(top - step, -126)
        scale = np.exp2(exponents)[..., None]
        values = rounding.e2m1(np.clip(groups / scale, -6, 6)) * scale
        loss = (weights * (groups - values)**2).sum(-1)
        if best is None:
            best = [values, exponents, loss]
            continue
        better = loss < best[2]
        for old, new in zip(best, (values, exponents, loss)):
            old[better] = new[better]
    return best[0].reshape(x.shape), best[1]


def scale_exponents(tensor):
    dtype, shape, data = tensor
    assert dtype == "F8_E8M0", dtype
    return np.frombuffer(data, np.uint8).reshape(shape).astype(int) - 127
