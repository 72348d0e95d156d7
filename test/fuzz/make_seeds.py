#!/usr/bin/env python3
"""Write seed inputs for a fuzz target.

usage: make_seeds.py safetensors|config OUT_DIR
"""
import json, pathlib, struct, sys

TEST = pathlib.Path(__file__).resolve().parent.parent


def safetensors(tensors, metadata=None):
    """A file of zeros. tensors: (name, dtype, element bytes, shape)."""
    header, at = ({"__metadata__": metadata} if metadata else {}), 0
    for name, dtype, width, shape in tensors:
        size = width
        for dim in shape:
            size *= dim
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [at, at + size]}
        at += size
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + bytes(at)


def safetensors_seeds():
    some = [("a", "F32", 4, [2]), ("b.weight", "BF16", 2, [2, 3]), ("s", "F8_E8M0", 1, [])]
    yield "empty", safetensors([])
    yield "one", safetensors(some[:1])
    yield "some", safetensors(some, {"format": "pt"})
    yield "zero", safetensors([("z", "I64", 8, [0, 4]), ("u", "U8", 1, [3])])
    yield "header", safetensors(some)[8:].rstrip(b"\0")
    yield "index", json.dumps({"metadata": {"total_size": 4}, "weight_map": {
        "a": "m-1.safetensors", "b": "m-2.safetensors"}}).encode()


def config_seeds():
    for path in sorted(TEST.glob("golden/*/config.json")) + [TEST / "models/tiny-v4/config.json"]:
        config = json.loads(path.read_text())
        yield path.parent.name, json.dumps(config).encode()
    config.pop("rope_scaling")
    yield "no-yarn", json.dumps(config).encode()
    config["rope_parameters"] = {"main": {"rope_theta": 5000}, "compress": {
        "type": "yarn", "factor": 2, "original_max_position_embeddings": 64, "mscale": 1, "mscale_all_dim": 2}}
    config["eos_token_id"] = [1, 2]
    config["compress_rate_csa"] = 3
    yield "nested", json.dumps(config).encode()


def main():
    kind, out = sys.argv[1], pathlib.Path(sys.argv[2])
    out.mkdir(parents=True, exist_ok=True)
    for name, data in {"safetensors": safetensors_seeds, "config": config_seeds}[kind]():
        (out / name).write_bytes(data)


if __name__ == "__main__":
    main()
