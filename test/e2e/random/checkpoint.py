"""Random DeepSeek-V4 checkpoints of odd sizes, in the formats that such models
come in. Names and shapes: spec, sections 2 and 11.
"""
import json, math, re, struct

import numpy as np

FORMATS = ("f32-modules", "bf16-released", "bf16-saved", "fp8-mxfp4")
BLOCK, GROUP = 128, 32  # of an FP8 scale, each way; of an MXFP4 scale

# Products that a quantized checkpoint has in FP8.
FP8 = re.compile(r"attn\.(wq_a|wq_b|wkv|wo_a|wo_b|indexer\.wq_b)\.weight$|shared_experts")
F32 = re.compile(r"hc_|attn_sink|\.ape$|gate\.bias$")


def draw_config(rng, form):
    """Odd sizes everywhere; what must divide, divides."""
    pick = lambda *values: values[rng.integers(len(values))]
    layers, heads = int(rng.integers(2, 6)), pick(2, 3, 4, 6)
    quantized = form == "fp8-mxfp4"
    head = pick(16, 24, 32, 40)
    # A group of MXFP4 must be whole.
    hidden, wide = (pick(64, 96, 160), pick(32, 96)) if quantized else (pick(40, 56, 72), pick(20, 28, 36))
    rope = 2 * int(rng.integers(1, head // 4))
    experts = int(rng.integers(3, 11))
    kinds = [pick("sliding_attention", "compressed_sparse_attention", "heavily_compressed_attention")
             for _ in range(layers)]
    if rng.integers(2):
        kinds[-1] = "compressed_sparse_attention"  # the kind with the most to go wrong
    hashed = int(rng.integers(0, min(layers, 3)))
    rates = {"compressed_sparse_attention": pick(2, 3, 4, 5),
             "heavily_compressed_attention": pick(6, 8, 10, 13)}
    yarn = bool(rng.integers(2))
    fraction = rope / head
    main = {"rope_type": "default", "rope_theta": 10000.0, "partial_rotary_factor": fraction}
    compress = dict(main, rope_theta=pick(10000.0, 40000.0, 160000.0))
    if yarn:
        compress |= {"rope_type": "yarn", "factor": pick(4, 16), "attention_factor": 1.0,
                     "original_max_position_embeddings": pick(32, 64), "beta_fast": 32, "beta_slow": 1}
    config = {
        "model_type": "deepseek_v4", "architectures": ["DeepseekV4ForCausalLM"],
        "vocab_size": pick(61, 97, 131), "hidden_size": hidden, "moe_intermediate_size": wide,
        "num_hidden_layers": layers, "num_attention_heads": heads, "num_key_value_heads": 1,
        "head_dim": head, "q_lora_rank": pick(12, 20, 33), "partial_rotary_factor": fraction,
        "o_groups": pick(*(g for g in (1, 2, 3) if heads % g == 0)), "o_lora_rank": pick(7, 12, 17),
        "n_routed_experts": experts, "n_shared_experts": 1,
        "num_experts_per_tok": int(rng.integers(1, min(experts, 4) + 1)),
        "routed_scaling_factor": pick(1.0, 1.5, 2.5), "scoring_func": "sqrtsoftplus",
        "swiglu_limit": pick(0.5, 1.0, 10.0), "sliding_window": pick(3, 5, 8, 17),
        "hc_mult": pick(2, 3, 4), "hc_sinkhorn_iters": pick(1, 3, 20), "hc_eps": 1e-6,
        "rms_norm_eps": 1e-6, "index_n_heads": pick(1, 3, 4), "index_head_dim": rope + 2 * int(rng.integers(1, 6)),
        "index_topk": pick(1, 3, 6), "layer_types": kinds, "compress_rates": rates,
        "mlp_layer_types": ["hash_moe"] * hashed + ["moe"] * (layers - hashed),
        "rope_theta": 10000.0, "compress_rope_theta": compress["rope_theta"],
        "rope_parameters": {"main": main, "compress": compress},
        "max_position_embeddings": 512, "num_nextn_predict_layers": 0, "tie_word_embeddings": False,
        "hidden_act": "silu", "bos_token_id": 0, "eos_token_id": 1}
    if quantized:
        config["quantization_config"] = {"activation_scheme": "dynamic", "fmt": "e4m3", "quant_method": "fp8",
                                         "scale_fmt": "ue8m0", "weight_block_size": [BLOCK, BLOCK]}
    return config


def shapes(c):
    """Released name -> shape; experts one by one."""
    hidden, head, heads = c["hidden_size"], c["head_dim"], c["num_attention_heads"]
    n, wide, experts = c["hc_mult"], c["moe_intermediate_size"], c["n_routed_experts"]
    rank, inner = c["q_lora_rank"], c["o_groups"] * c["o_lora_rank"]
    out = {"embed.weight": (c["vocab_size"], hidden), "head.weight": (c["vocab_size"], hidden),
           "norm.weight": (hidden,), "hc_head_fn": (n, n * hidden), "hc_head_base": (n,), "hc_head_scale": (1,)}

    def compressor(at, rate, width, overlap):
        parts = 2 if overlap else 1
        out.update({f"{at}.ape": (rate, parts * width), f"{at}.wkv.weight": (parts * width, hidden),
                    f"{at}.wgate.weight": (parts * width, hidden), f"{at}.norm.weight": (width,)})

    for i, (kind, mlp) in enumerate(zip(c["layer_types"], c["mlp_layer_types"])):
        layer = f"layers.{i}"
        attn, ffn = f"{layer}.attn", f"{layer}.ffn"
        for site in ("attn", "ffn"):
            out.update({f"{layer}.{site}_norm.weight": (hidden,), f"{layer}.hc_{site}_fn": ((2 + n) * n, n * hidden),
                        f"{layer}.hc_{site}_base": ((2 + n) * n,), f"{layer}.hc_{site}_scale": (3,)})
        out.update({
            f"{attn}.attn_sink": (heads,), f"{attn}.wq_a.weight": (rank, hidden), f"{attn}.q_norm.weight": (rank,),
            f"{attn}.wq_b.weight": (heads * head, rank), f"{attn}.wkv.weight": (head, hidden),
            f"{attn}.kv_norm.weight": (head,), f"{attn}.wo_a.weight": (inner, heads * head // c["o_groups"]),
            f"{attn}.wo_b.weight": (hidden, inner), f"{ffn}.gate.weight": (experts, hidden)})
        if kind != "sliding_attention":
            sparse = kind == "compressed_sparse_attention"
            compressor(f"{attn}.compressor", c["compress_rates"][kind], head, sparse)
            if sparse:
                width = c["index_head_dim"]
                compressor(f"{attn}.indexer.compressor", c["compress_rates"][kind], width, True)
                out[f"{attn}.indexer.wq_b.weight"] = (c["index_n_heads"] * width, rank)
                out[f"{attn}.indexer.weights_proj.weight"] = (c["index_n_heads"], hidden)
        if mlp == "hash_moe":
            out[f"{ffn}.gate.tid2eid"] = (c["vocab_size"], c["num_experts_per_tok"])
        else:
            out[f"{ffn}.gate.bias"] = (experts,)
        for at in ["shared_experts"] + [f"experts.{e}" for e in range(experts)]:
            out.update({f"{ffn}.{at}.w1.weight": (wide, hidden), f"{ffn}.{at}.w3.weight": (wide, hidden),
                        f"{ffn}.{at}.w2.weight": (hidden, wide)})
    return out


def draw_values(rng, name, shape, c):
    if name.endswith("tid2eid"):
        rows = [rng.permutation(c["n_routed_experts"])[:shape[1]] for _ in range(shape[0])]
        return np.array(rows, np.int64)
    u = rng.uniform(-1, 1, shape).astype(np.float32)
    if "norm" in name:
        return 1 + u / 4
    if name.endswith("scale"):
        return 1 + u / 2
    if name.endswith("gate.bias"):
        return u / 2
    if len(shape) == 1 or name.endswith(".ape") or name == "embed.weight":
        return u
    return u * np.float32(1.5 * math.sqrt(3 / shape[-1]))


def released(rng, c, form):
    """Tensors by released name: (dtype, array of its bytes' elements, shape)."""
    out = {}
    for name, shape in shapes(c).items():
        stem = name.removesuffix("weight")
        if form == "fp8-mxfp4" and ".experts." in name:
            out[name] = ("I8", rng.integers(0, 256, (shape[0], shape[1] // 2), np.uint8))
            out[stem + "scale"] = scales(rng, (shape[0], shape[1] // GROUP), 3, shape[1])
        elif form == "fp8-mxfp4" and FP8.search(name):
            # Any code but the two NaN; nearly all of them large, so a smaller scale.
            codes = rng.integers(0, 0x7F, shape, np.uint8) | (rng.integers(0, 2, shape, np.uint8) << 7)
            out[name] = ("F8_E4M3", codes)
            out[stem + "scale"] = scales(rng, tuple(-(-d // BLOCK) for d in shape), 64, shape[1])
        else:
            values = draw_values(rng, name, shape, c)
            if values.dtype == np.int64:
                out[name] = ("I64", values)
            elif form == "f32-modules" or F32.search(name):
                out[name] = ("F32", values)
            else:
                out[name] = ("BF16", (values.view(np.uint32) >> 16).astype(np.uint16))
    return out


def scales(rng, shape, magnitude, fan):
    """E8M0 such that codes of this magnitude make a product of about unit size."""
    middle = 127 + round(math.log2(1 / (magnitude * math.sqrt(fan))))
    return ("F8_E8M0", rng.integers(middle - 1, middle + 2, shape, np.uint8))


# Released name -> name of the transformers module (spec 11.6), in this order.
MODULES = [(r"^embed", "model.embed_tokens"), (r"^head", "lm_head"), (r"^norm", "model.norm"),
           (r"^hc_head_", "model.hc_head.hc_"), (r"^layers", "model.layers"),
           (r"attn_norm", "input_layernorm"), (r"ffn_norm", "post_attention_layernorm"),
           (r"\.hc_(attn|ffn)_", r".\1_hc."), (r"\.attn\.", ".self_attn."), (r"\.ffn\.", ".mlp."),
           (r"attn_sink", "sinks"), (r"indexer\.compressor", "compressor.indexer"),
           (r"self_attn\.indexer", "self_attn.compressor.indexer"),
           (r"indexer\.weights_proj", "indexer.scorer.weights_proj"),
           (r"(compressor.*)\.wkv", r"\1.kv_proj"), (r"(compressor.*)\.wgate", r"\1.gate_proj"),
           (r"(compressor.*)\.ape", r"\1.position_bias"), (r"(compressor.*)\.norm", r"\1.kv_norm"),
           (r"wq_a", "q_a_proj"), (r"q_norm", "q_a_norm"), (r"wq_b", "q_b_proj"), (r"wkv", "kv_proj"),
           (r"wo_a", "o_a_proj"), (r"wo_b", "o_b_proj"), (r"gate\.bias", "gate.e_score_correction_bias"),
           (r"experts\.w1", "experts.gate_proj"), (r"experts\.w3", "experts.up_proj"),
           (r"experts\.w2", "experts.down_proj")]
SAVED = [(r"^embed", "model.embed_tokens"), (r"^norm", "model.norm"), (r"^hc_head_", "model.hc_head.hc_"),
         (r"^layers", "model.layers"), (r"attn\.kv_norm", "attn.norm")]


def rename(name, rules):
    for pattern, text in rules:
        name = re.sub(pattern, text, name)
    return name


def stack_experts(tensors, c):
    """Experts as module names have them: w1 above w3, all experts in one tensor."""
    out = {n: t for n, t in tensors.items() if ".experts." not in n}
    for i in range(c["num_hidden_layers"]):
        get = lambda e, w: tensors[f"layers.{i}.ffn.experts.{e}.{w}.weight"][1]
        experts = range(c["n_routed_experts"])
        out[f"layers.{i}.ffn.experts.gate_up_proj"] = (
            "F32", np.stack([np.concatenate([get(e, "w1"), get(e, "w3")]) for e in experts]))
        out[f"layers.{i}.ffn.experts.down_proj"] = ("F32", np.stack([get(e, "w2") for e in experts]))
    return out


def write(folder, rng, form):
    """Draws a checkpoint and writes it; its config."""
    c = draw_config(rng, form)
    tensors = released(rng, c, form)
    if form == "f32-modules":
        tensors = {rename(n, MODULES): t for n, t in stack_experts(tensors, c).items()}
    elif form == "bf16-saved":
        tensors = {rename(n, SAVED): t for n, t in tensors.items()}
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(c, indent=1))
    header, end = {}, 0
    for name, (dtype, array) in tensors.items():
        header[name] = {"dtype": dtype, "shape": list(array.shape), "data_offsets": [end, end + array.nbytes]}
        end += array.nbytes
    text = json.dumps(header).encode()
    with open(folder / "model.safetensors", "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for _, array in tensors.values():
            file.write(np.ascontiguousarray(array).tobytes())
    return c
