#!/usr/bin/env python3
"""Does transformers read what `sluice pack` wrote as sluice does? The logits of 300
tokens by both, in fp32, transformers dequantizing by its own loader.

usage: pack_read.py BIN_FOLDER PACKED_MODEL

Needs torch, transformers (5.23 or newer) and accelerate outside the tree:
python3 -m venv /tmp/venv && /tmp/venv/bin/pip install torch transformers accelerate.

What the loader leaves in BF16, as it does with experts that are not quantized, is
widened, so that both compute in fp32 with the same numbers.

Prints one JSON object, and exits with 1 if a logit differs by more than 1e-4.
"""
import json, os, pathlib, subprocess, sys, tempfile

import numpy as np

TOKENS, BOUND = 300, 1e-4


def theirs(folder, ids):
    os.environ.update(TRANSFORMERS_VERBOSITY="error", HF_HUB_DISABLE_PROGRESS_BARS="1", PYTHONWARNINGS="ignore")
    import torch, transformers
    model = transformers.AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch.float32, attn_implementation="eager",
        quantization_config=transformers.FineGrainedFP8Config(dequantize=True)).eval().float()
    with torch.inference_mode():
        return model(torch.tensor(ids)[None].long()).logits[0].numpy(), transformers.__version__


def ours(sluice, model, ids):
    with tempfile.TemporaryDirectory(prefix="sluice-read-") as folder:
        plan, file, logits = (pathlib.Path(folder) / name for name in ("x.plan", "ids.npy", "logits.npy"))
        np.save(file, ids)
        subprocess.run([sluice, "compile", model, "-o", plan], check=True)
        subprocess.run([sluice, "run", plan, "--input-ids", f"@{file}", "--max-tokens", "0", "-q", "--logits", logits], check=True)
        return np.load(logits)


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sluice, model = pathlib.Path(sys.argv[1]) / "sluice", pathlib.Path(sys.argv[2])
    vocabulary = json.loads((model / "config.json").read_text())["vocab_size"]
    ids = (np.arange(TOKENS, dtype=np.int64) * 2654435761 % vocabulary).astype(np.int32)
    expected, version = theirs(model, ids)
    difference = float(np.abs(ours(sluice, model, ids) - expected).max())
    print(json.dumps({"transformers": version, "tokens": TOKENS, "largest_difference": difference, "bound": BOUND}))
    return 0 if difference <= BOUND else 1


if __name__ == "__main__":
    sys.exit(main())
