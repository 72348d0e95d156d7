#!/usr/bin/env python3
"""What `sluice pack` writes, held against encoders in numpy and against the source.

usage: pack_test.py BIN_FOLDER
"""
import json, re, subprocess, sys

import numpy as np

import packing
from model import Model
from packing import DENSE, EXPERT, Packer, harness

packer = Packer()
TINY_TEXT = harness.CHECKPOINTS["tiny-v4"] / "calibration.txt"


def golden(name):
    return harness.CHECKPOINTS[name]


def is_close(found, due, exponents, due_exponents, search):
    """Values and scales; where the search had a near tie, f32 may choose otherwise."""
    if not search:
        return (exponents == due_exponents).all() and (found == due).all()
    same = exponents == due_exponents
    columns = np.repeat(same, found.shape[1] // same.shape[1], axis=1)
    return (~same).mean() < 1e-3 and (found == due)[columns].all()


def check_bytes(source, *flags, search=1, expert="I8", rules=packing.RULES):
    """Every tensor of the packed model has the name, type, shape and numbers due."""
    folder, report = packer.pack(golden(source), *flags, rules=rules)
    values = packing.source_values(golden(source))
    tensors = packing.packed_tensors(folder)
    decoded = packing.source_values(folder)
    assert set(decoded) == set(values), set(decoded) ^ set(values)
    quantized = 0
    for name, value in values.items():
        dtype, shape, _ = tensors[name]
        if DENSE.match(name) or expert == "F8_E4M3" and EXPERT.match(name):
            assert dtype == "F8_E4M3", (name, dtype)
            due, exponents = packing.fp8(value)
            exact = True
        elif EXPERT.match(name):
            assert dtype == expert and shape == [value.shape[0], value.shape[1] // 2], (name, dtype, shape)
            due, exponents = packing.mxfp4(value, search)
            exact = not search
        else:
            assert name + ".scale" not in tensors and (decoded[name] == value).all(), name
            continue
        quantized += 1
        found = packing.scale_exponents(tensors[name + ".scale"])
        assert found.shape == exponents.shape, name
        assert is_close(decoded[name], due, found, exponents, not exact), f"{name} is not what numpy encodes"
        if not exact:
            check_search(name, value, decoded[name])
    assert quantized == sum(row["tensors"] for row in report["formats"]) == len(report["tensors"])
    check_index(folder, report)
    check_report(report, values, decoded)
    return f"{quantized} of {len(values)} tensors quantized"


def check_search(name, value, found):
    """No group is worse than the plain rule makes it."""
    plain, _ = packing.mxfp4(value, 0)
    loss = lambda x: ((x - value)**2).reshape(value.shape[0], -1, 32).sum(-1)
    assert (loss(found) <= loss(plain) * (1 + 1e-6)).all(), f"{name}: a group is worse than plain"


def check_index(folder, report):
    index = json.loads((folder / "model.safetensors.index.json").read_text())
    shards = sorted(p.name for p in folder.glob("*.safetensors"))
    assert sorted(set(index["weight_map"].values())) == shards and len(shards) == report["packed"]["shards"]
    data = sum(len(tensor[2]) for tensor in packing.packed_tensors(folder).values())
    assert index["metadata"]["total_size"] == data, (index["metadata"], data)
    assert sum((folder / shard).stat().st_size for shard in shards) == report["packed"]["bytes"]
    assert not list(folder.glob(".*")), "traces of the job"


def check_report(report, values, decoded):
    for row in report["tensors"]:
        value, found = (v[row["tensor"].removesuffix(".weight")] for v in (values, decoded))
        noise = ((value - found)**2).sum()
        if noise == 0:
            assert row["sqnr_db"] is None, row
            continue
        due = 10 * np.log10((value**2).sum() / noise)
        assert abs(row["sqnr_db"] - due) < 1e-3, (row, due)
    worst = sorted((r["sqnr_db"], r["tensor"]) for r in report["tensors"] if r["sqnr_db"] is not None)[:10]
    assert [(r["sqnr_db"], r["tensor"]) for r in report["worst"]] == worst


def check_same(*flags):
    """Threads and shards change no number."""
    once, _ = packer.pack(golden("v4-plain-bf16"), "--threads", 1)
    again, report = packer.pack(golden("v4-plain-bf16"), *flags)
    a, b = packing.packed_tensors(once), packing.packed_tensors(again)
    assert a == b
    if "--shard-mib" in flags:
        assert report["packed"]["shards"] > 1
    else:
        name = "model-00001-of-00001.safetensors"
        assert (once / name).read_bytes() == (again / name).read_bytes()


def check_rules():
    """Patterns win over classes; what no rule names stays."""
    source = golden("v4-plain-bf16")
    folder, _ = packer.pack(source, rules="dense=fp8,layers.[0-1].attn.*=none,*.shared_experts.w2=none")
    types = {name: tensor[0] for name, tensor in packing.packed_tensors(folder).items()}
    for name, dtype in types.items():
        fp8 = DENSE.match(name) and not re.match(r"layers\.[01]\.attn\.", name) and not name.endswith("shared_experts.w2")
        assert (dtype == "F8_E4M3") == bool(fp8), (name, dtype)
    folder, report = packer.pack(source, rules="none")
    assert report["formats"] == [] and packing.packed_tensors(folder) == packing.packed_tensors(source)


def check_config():
    """What the source said stays; what says how weights are stored is right."""
    source = json.loads((golden("v4-plain-bf16") / "config.json").read_text())
    released = json.loads((golden("v4-released") / "config.json").read_text())
    folder, _ = packer.pack(golden("v4-plain-bf16"))
    config = json.loads((folder / "config.json").read_text())
    due = released["quantization_config"]
    assert {k: config["quantization_config"][k] for k in ("quant_method", "fmt", "weight_block_size")} == \
        {k: due[k] for k in ("quant_method", "fmt", "weight_block_size")}, config["quantization_config"]
    assert config.get("expert_dtype") == released.get("expert_dtype"), config.get("expert_dtype")
    changed = {"quantization_config", "expert_dtype"}
    assert {k: v for k, v in config.items() if k not in changed} == {k: v for k, v in source.items() if k not in changed}


def needs_compiler():
    if not (packer.bin / "sluice-compile").exists():
        raise harness.Skip("this build has no compiler")


def check_runs():
    """The packed model compiles, and its logits are those of numpy's decoding."""
    needs_compiler()
    tools = harness.Tools(packer.bin)
    folder, plan = packer.new("model"), packer.folder / "x.plan"
    packer.run("compile", golden("v4-plain-bf16"), f"--quantize={packing.RULES}", "--pack", folder, "-o", plan)
    ids = np.arange(150) * 7 % 150
    found = tools.evaluate(plan, ids)["logits"]
    expected, _ = Model(packing.checkpoint.Checkpoint(folder), packing.rounding.Rules("exact")).evaluate(ids)
    worst = np.abs(found - expected).max()
    assert worst < 1e-4, worst
    plain, _ = Model(packing.checkpoint.Checkpoint(golden("v4-plain-bf16")), packing.rounding.Rules("exact")).evaluate(ids)
    assert np.abs(found - plain).max() > 1e-2, "nothing was quantized"
    return f"logits within {worst:.1e}"


def check_calibration():
    """An error counts by the mean square of what a text multiplies the column by."""
    needs_compiler()
    source = noisy_layer()
    text = packer.folder / "text"
    pack = ("pack", source, "-o", packer.new(), f"--quantize={packing.RULES}")
    packer.refuses((*pack, "--scales=plain", "--calibrate", text), 2, "--scales=plain searches none")
    packer.refuses((*pack, "--calibrate", text), 3, "No such file")
    text.write_text((golden("tiny-v4") / "calibration.txt").read_text()[:3000])
    tokenizer, _ = packer.run("tokenize", source, "--file", text)
    tokens = np.array([0, *map(int, tokenizer.replace(",", " ").split())])  # BOS is 0
    folder, report = packer.pack(source, "--calibrate", text)
    assert report["packed"]["calibration"] == str(text)
    decoded, tensors, values = packing.source_values(folder), packing.packed_tensors(folder), packing.source_values(source)
    plain, _ = packer.pack(source)
    others = packing.packed_tensors(plain)
    changed, importance = 0, expert_importance(source, tokens)
    for name, weights in importance.items():
        due, exponents = packing.mxfp4(values[name], 6, weights)
        assert is_close(decoded[name], due, packing.scale_exponents(tensors[name + ".scale"]), exponents, True), name
        changed += tensors[name] != others[name]
    assert {n for n in tensors if EXPERT.match(n) and not n.startswith("mtp.")} == set(importance)
    assert all(tensors[n] == others[n] for n in tensors if not EXPERT.match(n.removesuffix(".scale")))
    assert changed > len(importance) / 2, changed
    return f"{changed} of {len(importance)} experts' weights are others than without the text"


def stacks(text):
    """Name and scale templates, layers and type of every stack of weights."""
    found = re.findall(r'plan\.stack @\S+ (".*?".*?) : (\S.*)', text)
    return sorted((re.sub(r" \{quantized = .*?\}", "", words), kind) for words, kind in found)


def check_pass():
    """sluice-quantize makes the types of the checkpoint that pack makes."""
    needs_compiler()
    flat = lambda model: packer.run("compile", model, "--stop-after=flatten")[0]
    for rules in (packing.RULES, "dense=fp8,experts=fp8", "dense=fp8,experts=mxfp4,layers.1.*=none,layers.0.ffn.experts.*=fp8"):
        folder, _ = packer.pack(golden("v4-plain-bf16"), rules=rules)
        plain = packer.folder / "flat.mlir"
        plain.write_text(flat(golden("v4-plain-bf16")))
        quantized = subprocess.run([packer.bin / "sluice-opt", plain, f"--sluice-quantize=rules={rules}"], check=True, text=True,
                                   stdout=subprocess.PIPE).stdout
        due, found = stacks(flat(folder)), stacks(quantized)
        assert len(due) > 20 and any("scaled.tensor" in kind for _, kind in due), due
        assert found == due, set(found) ^ set(due)


def expert_importance(folder, ids):
    """{weight: importance of its columns}, of windows of 512 tokens; 16 tokens of the
    layer's mean (of w2: of its mean over columns too) are mixed into each."""
    sums, counts = {}, {}

    class Watched(Model):
        def product(self, x, name, expert=None):
            if expert is not None:
                stem, weight = name.rsplit(".", 1)
                key = f"{stem}.{expert}.{weight}"
                sums[key] = sums.get(key, 0) + (x**2).sum(0)
                counts[key] = counts.get(key, 0) + len(x)
            return super().product(x, name, expert)

    for at in range(0, len(ids), 512):
        Watched(packing.checkpoint.Checkpoint(folder), packing.rounding.Rules("exact")).evaluate(ids[at:at + 512])
    result = {}
    for name in (n for n in packing.source_values(folder) if EXPERT.match(n) and not n.startswith("mtp.")):
        layer, weight = re.match(r"(layers\.\d+\.).*\.(w\d)$", name).groups()
        same = [k for k in sums if k.startswith(layer) and k.endswith(weight)]
        prior = sum(sums[k] for k in same) / sum(counts[k] for k in same)
        if weight == "w2":
            prior = np.full_like(prior, prior.mean())
        result[name] = (sums.get(name, 0) + 16 * prior) / (counts.get(name, 0) + 16)
    return result


def noisy_layer():
    """A layer of tiny-v4 in F32, each weight a little off: it was trained to be FP4."""
    folder, generator = packer.new("source"), np.random.default_rng(1)
    packing.checkpoint.write_layer(golden("tiny-v4"), 2, folder)
    tensors = packing.packed_tensors(folder)
    plain = {}
    for name, (dtype, shape, data) in tensors.items():
        if name.removesuffix(".scale") in tensors and name.endswith(".scale"):
            continue
        scale = tensors.get(name + ".scale")
        value = packing.checkpoint.decode(dtype, shape, data, scale and packing.checkpoint.decode(*scale))
        if value.dtype == np.float64:
            value = (value * generator.uniform(0.7, 1.3, value.shape)).astype(np.float32)
        matrix = scale or dtype == "BF16" and name.count(".") > 1
        kind = {"f": "F32", "i": "I64"}[value.dtype.kind]
        suffix = ".weight" if matrix or name in ("embed", "head", "norm") or name.endswith("norm") else ""
        plain[name + suffix] = kind, list(value.shape), value.tobytes()
    packing.checkpoint.write_tensors(folder / "model.safetensors", plain)
    (folder / "tokenizer.json").write_bytes((golden("tiny-v4") / "tokenizer.json").read_bytes())
    return folder


def main():
    tests = [(f"{name}.search", lambda n=name: check_bytes(n)) for name in packing.SOURCES]
    tests += [(f"{name}.plain", lambda n=name: check_bytes(n, "--scales=plain", search=0)) for name in packing.SOURCES]
    tests += [(f"{name}.fp8", lambda n=name: check_bytes(n, expert="F8_E4M3", rules="dense=fp8,experts=fp8"))
              for name in ("v4-plain-bf16", "v4-saved-bf16")]
    tests += [("threads", lambda: check_same("--threads", 7)), ("shards", lambda: check_same("--shard-mib", 1)),
              ("rules", check_rules), ("config", check_config), ("runs", check_runs), ("pass", check_pass), ("calibration", check_calibration)]
    return harness.main(tests)


if __name__ == "__main__":
    sys.exit(main())
