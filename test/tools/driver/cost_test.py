#!/usr/bin/env python3
"""What `sluice dump --cost` says of a step, held against the shapes in the checkpoint's
header and against the launches of the same plan.

usage: cost_test.py BIN_FOLDER PLANS_FOLDER
"""
import json, math, re, sys

from program import MODEL, Program, harness, headers, same

program = Program(sys.argv)
TINY = program.tiny
CONFIG = json.loads((MODEL / "config.json").read_text())
STREAMS, WIDTH, LAYERS = CONFIG["hc_mult"], CONFIG["hidden_size"], CONFIG["num_hidden_layers"]
EXPERTS, CHOSEN = CONFIG["n_routed_experts"], CONFIG["num_experts_per_tok"]
BYTES = {"F32": 4, "BF16": 2, "F8E4M3": 1, "F8E8M0": 1, "F4E2M1x2": 1, "I32": 4, "I64": 8}


def cost(*words, plan=TINY):
    return program.json("dump", plan, "--cost", *words)


def value(text, **symbols):
    """What a printed expression is for these symbols."""
    assert re.fullmatch(r"(?:[0-9TSLN ()+*,]|min|max|floordiv|ceildiv|mod)+", text), text
    assert "ceildiv" not in text, text
    return eval(text.replace("floordiv", "//").replace("mod", "%"), {"min": min, "max": max, **symbols})


def products():
    """Multiplications and additions of (each token, each row of logits) with weights and of hyper-connections."""
    token = logits = 0
    for name, (dtype, shape) in headers().items():
        size = math.prod(shape) * (2 if dtype == "F4E2M1x2" else 1)
        if name.startswith("mtp.") or "embed" in name:
            continue
        if name.startswith(("head.", "lm_head.")) and name.endswith("weight"):
            logits += size
        elif re.search(r"hc_head\w*fn", name):
            logits += size + STREAMS * WIDTH
        elif re.search(r"hc_(attn|ffn)_fn", name):  # and mixing in: streams to one, one to streams
            token += size + STREAMS * WIDTH + (STREAMS + 1) * STREAMS * WIDTH
        elif ".experts." in name and name.endswith("weight"):
            token += size * CHOSEN // EXPERTS
        elif len(shape) == 2 and name.endswith("weight"):
            token += size
    return 2 * token, 2 * logits


def flops():
    """Without a context there are only the products with weights: they are in the header."""
    token, logits = products()
    for row in cost()["step_cost"]:
        at = lambda **symbols: value(row["flops"], S=1, N=0, **symbols)
        same(at(T=1, L=0), token, "a token")
        same(at(T=0, L=1), logits, "a row of logits")
        same(at(T=23, L=5), 23 * token + 5 * logits)


def attention():
    """A key that a row sees costs a product with the query and one with the probability; the indexer's one."""
    heads = CONFIG["num_attention_heads"] * CONFIG["head_dim"]
    index = CONFIG["index_n_heads"] * CONFIG["index_head_dim"]
    ratios, window = CONFIG["compress_ratios"][:LAYERS], CONFIG["sliding_window"]
    text = cost()["step_cost"][0]["flops"]
    none = value(text, T=1, S=1, L=0, N=0)
    for context in (1, 3, 4, 63, 64, 65, 127, 128, 1000, 4096):
        due = 0
        for ratio in ratios:
            entries = context // ratio if ratio else 0
            picked = min(entries, CONFIG["index_topk"]) if ratio == 4 else entries
            due += 4 * heads * (min(context, window) + picked) + (2 * index * entries if ratio == 4 else 0)
        same(value(text, T=1, S=1, L=0, N=context) - none, due, f"context of {context}")


def weights():
    """One token reads every weight once, but of experts those chosen and of tables a row."""
    due = 0
    for name, (dtype, shape) in headers().items():
        size = math.prod(shape) * BYTES[dtype]
        if name.startswith("mtp."):
            continue
        if "embed" in name or "tid2eid" in name:
            size //= shape[0]
        elif ".experts." in name:
            size = size * CHOSEN // EXPERTS if size * CHOSEN % EXPERTS == 0 else size * CHOSEN / EXPERTS
        due += size
    for row in cost()["step_cost"]:
        found = value(row["weights"], T=1, S=1, L=1, N=1)
        same(found, due, "weights of a step")
        # All experts at most, however many tokens.
        more = value(row["weights"], T=10**6, S=1, L=1, N=1) - value(row["weights"], T=10**6 - 1, S=1, L=1, N=1)
        assert 0 < more < found / 1000, more


def buffers():
    """Each launch moves the buffers it names."""
    plan = program.json("dump", TINY)
    kinds = {row["kernel"]: row for row in plan["variants"] if row["target"] == plan["context"]["target"] and not row["guard"]}
    inner = {row["kernel"]: [] for row in plan["variants"]}
    for kernel, row in kinds.items():
        inner[kernel] = row["buffers"]
    for symbols in ({"T": 1, "S": 1, "L": 1, "N": 9}, {"T": 100, "S": 3, "L": 2, "N": 900}):
        due = 0
        for launch in plan["launches"]:
            named = {arg["buffer"] for arg in launch["arguments"] if arg["kind"] == "buffer"}
            due += sum(value(plan["buffers"][buffer]["size"], **symbols) for buffer in named)
            due += 2 * sum(value(size, **symbols) for size in inner[launch["kernel"]])
        row, = (row for row in plan["step_cost"] if not row["guard"])
        same(value(row["buffers"], **symbols), due, str(symbols))
        same(row["launches"], len(plan["launches"]))


def kernels():
    """The step is the sum over its kernels."""
    all = cost()
    for row in all["step_cost"]:
        symbols = {"T": 5, "S": 2, "L": 1, "N": 700}
        parts = {kernel["kernel"]: kernel for kernel in all["cost"] if not kernel["guard"]}
        parts.update({kernel["kernel"]: kernel for kernel in all["cost"] if kernel["guard"] == row["guard"]})
        for part in ("flops", "weights"):
            total = sum(kernel["launches"] * value(kernel[part], **symbols) for kernel in parts.values())
            same(value(row[part], **symbols), total, part)
        same(row["stages"], sum(kernel["launches"] * kernel["stages"] for kernel in parts.values()))


def examples():
    """The numbers are the expressions', of the variant that a step takes."""
    all = cost("--ctx", 300, "--rows", 77)
    decode, prefill = all["cost_examples"]
    same({k: decode[k] for k in ("step", "T", "S", "L", "N")}, {"step": "decode", "T": 1, "S": 1, "L": 1, "N": 300})
    same({k: prefill[k] for k in ("step", "T", "S", "L", "N")}, {"step": "prefill", "T": 77, "S": 1, "L": 1, "N": 77})
    fits = lambda row, T: all_hold(row["guard"], T)
    for example in (decode, prefill):
        row = [row for row in all["step_cost"] if fits(row, example["T"])][-1]
        symbols = {k: example[k] for k in "TSLN"}
        for part in ("flops", "weights", "buffers", "state"):
            same(example[part], value(row[part], **symbols), (example["step"], part))
        same((example["launches"], example["stages"]), (row["launches"], row["stages"]), example["step"])


def all_hold(guard, T):
    return all(bound["at_least"] <= value(bound["expr"], T=T) <= bound["at_most"] for bound in guard)


def per_layer():
    """Launches of a decode step, by layer: at most 14."""
    plan = program.json("dump", TINY)
    first = {}
    for at, launch in enumerate(plan["launches"]):
        for arg in launch["arguments"]:
            layer = re.match(r"layers\.(\d+)\.attn\.wq_a", arg.get("name", ""))
            if layer:
                first.setdefault(int(layer[1]), at)
    begins = [first[layer] for layer in range(LAYERS)]
    counts = [b - a for a, b in zip(begins, begins[1:])]
    assert max(counts) <= 14, counts
    return f"launches of layers 0 to {LAYERS - 2}: {counts}"


if __name__ == "__main__":
    tests = (flops, attention, weights, buffers, kernels, examples, per_layer)
    sys.exit(harness.main([(test.__name__, test) for test in tests]))
