#!/usr/bin/env python3
"""Writes a model directory with the shapes of DeepSeek-V4-Pro: true headers and
index over files of zeros that take no space on disk (865 GB of holes).

usage: make_sparse_pro.py OUT_DIR [--layers N]

One shard a layer, released names, FP8 dense weights and MXFP4 experts, the MTP
block that releases carry (specification, sections 2.1 and 11). With fewer layers
the first N are written; 6 have all four kinds of layer that 61 have.
"""
import argparse, json, pathlib, struct, sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e/random"))
from checkpoint import BLOCK, F32, FP8, GROUP, shapes

WIDTH = {"I8": 1, "F8_E4M3": 1, "F8_E8M0": 1, "BF16": 2, "F32": 4, "I64": 8}
LAYERS, HASHED = 61, 3
TENSORS = 145116  # of all layers and the MTP block, as the specification counts them (11)


def config(layers):
    return {
        "architectures": ["DeepseekV4ForCausalLM"], "model_type": "deepseek_v4", "torch_dtype": "bfloat16",
        "bos_token_id": 0, "eos_token_id": 1, "vocab_size": 129280, "hidden_size": 7168, "hidden_act": "silu",
        "moe_intermediate_size": 3072, "n_routed_experts": 384, "n_shared_experts": 1, "num_experts_per_tok": 6,
        "norm_topk_prob": True, "routed_scaling_factor": 2.5, "scoring_func": "sqrtsoftplus", "swiglu_limit": 10.0,
        "expert_dtype": "fp4", "num_hash_layers": HASHED, "num_hidden_layers": layers, "num_nextn_predict_layers": 1,
        "num_attention_heads": 128, "num_key_value_heads": 1, "head_dim": 512, "qk_rope_head_dim": 64,
        "q_lora_rank": 1536, "o_groups": 16, "o_lora_rank": 1024, "sliding_window": 128, "attention_bias": False,
        "compress_ratios": ([128, 128] + [4, 128] * 29 + [4])[:layers] + [0], "index_n_heads": 64, "index_head_dim": 128,
        "index_topk": 1024, "hc_mult": 4, "hc_sinkhorn_iters": 20, "hc_eps": 1e-6, "rms_norm_eps": 1e-6,
        "max_position_embeddings": 1048576, "rope_theta": 10000, "compress_rope_theta": 160000,
        "rope_scaling": {"type": "yarn", "factor": 16, "beta_fast": 32, "beta_slow": 1,
                         "original_max_position_embeddings": 65536},
        "tie_word_embeddings": False,
        "quantization_config": {"quant_method": "fp8", "fmt": "e4m3", "activation_scheme": "dynamic",
                                "scale_fmt": "ue8m0", "weight_block_size": [BLOCK, BLOCK]}}


def named_shapes(c):
    """Released name -> shape, of the layers and of the MTP block behind them."""
    kinds = {0: "sliding_attention", 4: "compressed_sparse_attention", 128: "heavily_compressed_attention"}
    layers, hashed = c["num_hidden_layers"], min(HASHED, c["num_hidden_layers"])
    # The MTP block is one more layer, without compressed entries, under another name.
    every = dict(c, num_hidden_layers=layers + 1, layer_types=[kinds[r] for r in c["compress_ratios"]],
                 mlp_layer_types=["hash_moe"] * hashed + ["moe"] * (layers + 1 - hashed),
                 compress_rates={kinds[r]: r for r in (4, 128)})
    last = f"layers.{layers}."
    found = {("mtp.0." + name[len(last):] if name.startswith(last) else name): shape
             for name, shape in shapes(every).items()}
    hidden, streams = c["hidden_size"], c["hc_mult"]
    found |= {f"mtp.0.{part}_proj.weight": (hidden, hidden) for part in "eh"}
    found |= {f"mtp.0.{norm}.weight": (hidden,) for norm in ("enorm", "hnorm", "norm")}
    return found | {"mtp.0.hc_head_fn": (streams, streams * hidden), "mtp.0.hc_head_base": (streams,),
                    "mtp.0.hc_head_scale": (1,)}


def tensors(c):
    """(name, dtype, shape) as released."""
    for name, shape in named_shapes(c).items():
        scale = name.removesuffix("weight") + "scale"
        if ".experts." in name:
            yield name, "I8", (shape[0], shape[1] // 2)
            yield scale, "F8_E8M0", (shape[0], shape[1] // GROUP)
        elif FP8.search(name) or name.startswith("mtp.0.") and "_proj" in name:
            yield name, "F8_E4M3", shape
            yield scale, "F8_E8M0", tuple(-(-d // BLOCK) for d in shape)
        elif name.endswith("tid2eid"):
            yield name, "I64", shape
        else:
            yield name, "F32" if F32.search(name) else "BF16", shape


def write(folder, layers):
    c = config(layers)
    shards = {}
    for tensor in tensors(c):
        where, layer, *_ = tensor[0].split(".") + [""]
        shard = layers + 1 if where == "mtp" else int(layer) + 1 if where == "layers" else 0
        shards.setdefault(shard, []).append(tensor)
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(c, indent=1))
    weight_map, total = {}, 0
    for number, entries in sorted(shards.items()):
        file = f"model-{number + 1:05}-of-{len(shards):05}.safetensors"
        header, end = {}, 0
        for name, dtype, shape in entries:
            size = WIDTH[dtype]
            for dim in shape:
                size *= dim
            header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [end, end + size]}
            weight_map[name] = file
            end += size
        text = json.dumps(header).encode()
        with open(folder / file, "wb") as out:
            out.write(struct.pack("<Q", len(text)) + text)
            out.truncate(8 + len(text) + end)
        total += end
    index = {"metadata": {"total_size": total}, "weight_map": weight_map}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    assert layers < LAYERS or len(weight_map) == TENSORS, f"{len(weight_map)} tensors, not {TENSORS}"
    return len(weight_map), total


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", metavar="OUT_DIR", type=pathlib.Path)
    parser.add_argument("--layers", type=int, default=LAYERS, choices=range(1, LAYERS + 1), metavar="N")
    flags = parser.parse_args()
    count, total = write(flags.folder, flags.layers)
    print(f"{flags.folder}: {flags.layers} layers, {count} tensors, {total} bytes of holes")


if __name__ == "__main__":
    main()
