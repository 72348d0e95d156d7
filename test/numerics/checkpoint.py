"""Reads a DeepSeek-V4 checkpoint with numpy alone: released names, transformers' and
the mixture that its save_pretrained writes; F32, BF16, FP8 128x128 + E8M0 and MXFP4.
Also writes a checkpoint of one layer of another.

Everything is known by its released name (`layers.2.attn.wq_a`, without `.weight`).
"""
import json, pathlib, re, struct

import numpy as np

BLOCK, GROUP = 128, 32  # FP8: a scale for block x block; MXFP4: for each 32 of a row
KINDS = {0: "sliding", 4: "sparse", 128: "heavy"}
TYPES = {"sliding_attention": "sliding", "compressed_sparse_attention": "sparse",
         "heavily_compressed_attention": "heavy"}

# transformers' names, in this order, to the released ones.
RENAMES = [(re.compile(a), b) for a, b in (
    (r"^model\.", ""), (r"^embed_tokens", "embed"), (r"^lm_head", "head"), (r"^hc_head\.hc_", "hc_head_"),
    (r"\.input_layernorm", ".attn_norm"), (r"\.post_attention_layernorm", ".ffn_norm"),
    (r"\.(attn|ffn)_hc\.", r".hc_\1_"), (r"\.self_attn\.", ".attn."), (r"\.mlp\.", ".ffn."),
    (r"\.compressor\.indexer\.(kv_proj|gate_proj|position_bias|kv_norm)", r".indexer.compressor.\1"),
    (r"\.compressor\.indexer\.(scorer\.)?", ".indexer."), (r"\.indexer\.q_b_proj", ".indexer.wq_b"),
    (r"\.compressor\.kv_proj", ".compressor.wkv"), (r"\.compressor\.gate_proj", ".compressor.wgate"),
    (r"\.compressor\.position_bias", ".compressor.ape"), (r"\.compressor\.kv_norm", ".compressor.norm"),
    (r"\.attn\.sinks", ".attn.attn_sink"), (r"\.attn\.norm", ".attn.kv_norm"), (r"\.q_a_norm", ".q_norm"),
    (r"\.attn\.(q_a|q_b|o_a|o_b)_proj", r".attn.w\1"), (r"\.attn\.kv_proj", ".attn.wkv"),
    (r"\.gate\.e_score_correction_bias", ".gate.bias"),
    (r"\.shared_experts\.gate_proj", ".shared_experts.w1"), (r"\.shared_experts\.up_proj", ".shared_experts.w3"),
    (r"\.shared_experts\.down_proj", ".shared_experts.w2"),
    (r"\.weight_scale_inv$", ".scale"), (r"\.weight$", ""))]


def e4m3_values():
    code = np.arange(256)
    exponent, mantissa = code >> 3 & 15, code & 7
    value = np.where(exponent == 0, mantissa / 8 * 2.0**-6, (1 + mantissa / 8) * np.exp2(exponent - 7.0))
    value[code & 127 == 127] = np.nan
    return np.where(code & 128, -value, value)


E4M3 = e4m3_values()
E2M1 = np.array([0, .5, 1, 1.5, 2, 3, 4, 6])
E2M1 = np.concatenate([E2M1, -E2M1])


def released_name(name):
    for pattern, replacement in RENAMES:
        name = pattern.sub(replacement, name)
    return name


def read_tensors(folder):
    """{name in the file: (dtype, shape, bytes)} of all shards."""
    tensors = {}
    for file in sorted(pathlib.Path(folder).glob("model*.safetensors")):
        data = file.read_bytes()
        size, = struct.unpack("<Q", data[:8])
        for name, entry in json.loads(data[8:8 + size]).items():
            if name != "__metadata__":
                begin, end = entry["data_offsets"]
                tensors[name] = entry["dtype"], entry["shape"], data[8 + size + begin:8 + size + end]
    return tensors


def write_tensors(file, tensors):
    header, offset = {}, 0
    for name, (dtype, shape, data) in tensors.items():
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [offset, offset + len(data)]}
        offset += len(data)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    file.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(t[2] for t in tensors.values()))


def decode(dtype, shape, data, scale=None):
    """Values as float64, of integers as int64."""
    raw = lambda kind: np.frombuffer(data, kind).reshape(shape)
    if dtype == "BF16":
        return (raw(np.uint16).astype(np.uint32) << 16).view(np.float32).astype(np.float64)
    if dtype == "F8_E8M0":
        return np.exp2(raw(np.uint8) - 127.0)
    if dtype == "F8_E4M3":
        each = scale.repeat(BLOCK, 0).repeat(BLOCK, 1)
        return E4M3[raw(np.uint8)] * each[:shape[0], :shape[1]]
    if dtype in ("I8", "U8"):  # two E2M1, the even column in the low half
        codes = raw(np.uint8)
        codes = np.stack([codes & 15, codes >> 4], -1).reshape(shape[0], -1)
        return E2M1[codes] * scale.repeat(GROUP, 1)
    return raw({"F32": np.float32, "I64": np.int64, "I32": np.int32}[dtype]).astype(
        np.float64 if dtype == "F32" else np.int64)


class Config:
    """config.json in one form."""

    def __init__(self, folder):
        c = self.json = json.loads((pathlib.Path(folder) / "config.json").read_text())
        self.layers, self.width, self.streams = c["num_hidden_layers"], c["hidden_size"], c["hc_mult"]
        self.heads, self.head_dim = c["num_attention_heads"], c["head_dim"]
        self.rotated = c.get("qk_rope_head_dim") or int(self.head_dim * c["partial_rotary_factor"])
        if "layer_types" in c:
            self.kinds = [TYPES[t] for t in c["layer_types"]]
        else:
            self.kinds = [KINDS[r] for r in c["compress_ratios"]]
        self.kinds = self.kinds[:self.layers]
        rates = c.get("compress_rates") or {}
        self.rate = {"sparse": rates.get("compressed_sparse_attention", 4),
                     "heavy": rates.get("heavily_compressed_attention", 128)}
        if "mlp_layer_types" in c:
            self.hashed = [t == "hash_moe" for t in c["mlp_layer_types"]]
        else:
            self.hashed = [i < c["num_hash_layers"] for i in range(self.layers)]
        nested = c.get("rope_parameters") or {}
        yarn = nested.get("compress") or c.get("rope_scaling") or {}
        self.yarn = yarn if "yarn" in (yarn.get("rope_type"), yarn.get("type")) else None

    def __getitem__(self, key):
        return self.json[key]


class Checkpoint:
    def __init__(self, folder):
        self.config, self.quantized, raw = Config(folder), set(), {}
        for name, tensor in read_tensors(folder).items():
            raw[released_name(name)] = tensor
        self.values, half = {}, self.config["moe_intermediate_size"]
        for name, (dtype, shape, data) in raw.items():
            if name.startswith("mtp.") or name.endswith(".scale") and name.removesuffix(".scale") in raw:
                continue
            scale = raw.get(name + ".scale")
            if dtype in ("F8_E4M3", "I8", "U8"):
                self.quantized.add(re.sub(r"\.experts\.\d+\.", ".experts.", name))
                scale = decode(*scale)
            self.values[name] = decode(dtype, shape, data, scale)
        for i in range(self.config.layers):  # experts, as [E, out, in]
            experts = f"layers.{i}.ffn.experts."
            if experts + "gate_up_proj" in self.values:
                both = self.values.pop(experts + "gate_up_proj")
                self.values[experts + "w1"], self.values[experts + "w3"] = both[:, :half], both[:, half:]
                self.values[experts + "w2"] = self.values.pop(experts + "down_proj")
                continue
            for w in ("w1", "w2", "w3"):
                self.values[experts + w] = np.stack([self.values.pop(f"{experts}{e}.{w}")
                                                     for e in range(self.config["n_routed_experts"])])


def write_layer(source, layer, folder):
    """A checkpoint whose only layer is this one of `source`."""
    config = Config(source)
    tensors = {}
    for name, tensor in read_tensors(source).items():
        if found := re.match(r"((?:model\.)?layers\.)(\d+)\.", name):
            if int(found[2]) == layer:
                tensors[f"{found[1]}0.{name[found.end():]}"] = tensor
        elif not name.startswith("mtp."):
            tensors[name] = tensor
    changed = {**config.json, "num_hidden_layers": 1, "num_nextn_predict_layers": 0,
               "num_hash_layers": int(config.hashed[layer]),
               "mlp_layer_types": ["hash_moe" if config.hashed[layer] else "moe"]}
    for key in ("layer_types", "compress_ratios"):
        if key in changed:
            changed[key] = changed[key][layer:layer + 1]
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(changed))
    write_tensors(folder / "model.safetensors", tensors)
