#!/usr/bin/env python3
"""The perplexity of validation.txt by `sluice eval`, held against transformers
on the same windows of the same tokens, loss by loss.

usage: eval_compare.py BIN_FOLDER [--plan FILE] [--threads N]

Needs torch and transformers: transformers_compare.py says how to get them, and
loads the model here too (dequantized to fp32, eager attention, held against
golden.safetensors first). Tokens are made by the `tokenizers` of Hugging Face.

Prints one JSON object, and exits with 1 if a perplexity differs by more than
1e-3, relatively, or if not the same tokens are scored.
"""
import argparse, json, math, pathlib, subprocess, sys, tempfile

import numpy as np

from transformers_compare import MODEL, Transformers

TEXT, BOS = MODEL / "validation.txt", 0
MOST_DIFFERENCE = 1e-3  # of perplexities, relative
CASES = [  # window, stride, windows
    (512, 512, 48),  # what the README of the model measured
    (256, 96, 60)]


def tokens():
    from tokenizers import Tokenizer
    tokenizer = Tokenizer.from_file(str(MODEL / "tokenizer.json"))
    return [BOS] + tokenizer.encode(TEXT.read_text(), add_special_tokens=False).ids


def theirs(transformers, ids, window, stride, most):
    """Losses of the scored tokens."""
    torch, losses, scored = transformers.torch, [], 0
    for begin in range(0, min(most * stride, len(ids)), stride):
        end = min(begin + window, len(ids) - 1)  # the last token predicts nothing
        with torch.inference_mode():
            logits = transformers.model(torch.tensor([ids[begin:end]])).logits[0].double()
        each = -logits.log_softmax(-1)[range(end - begin), ids[begin + 1:end + 1]]
        losses += each[scored - begin:].tolist()
        scored = end
        if end == len(ids) - 1:
            break
    return np.array(losses)


def ours(sluice, plan, threads, window, stride, most):
    with tempfile.TemporaryDirectory(prefix="sluice-eval-") as folder:
        file = pathlib.Path(folder) / "losses.npy"
        out = subprocess.run([sluice, "eval", plan, "--text", TEXT, "--model", MODEL, "--window", str(window), "--stride", str(stride),
                              "--max-windows", str(most), "--threads", str(threads), "--losses", file, "--json"],
                             check=True, stdout=subprocess.PIPE).stdout
        return json.loads(out)["results"], np.load(file)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bin", metavar="BIN_FOLDER", type=pathlib.Path)
    parser.add_argument("--plan", type=pathlib.Path, help="of tiny-v4; it is compiled unless given")
    parser.add_argument("--threads", type=int, default=2)
    flags = parser.parse_args()
    transformers, ids, cases = Transformers(flags.threads), tokens(), []
    with tempfile.TemporaryDirectory(prefix="sluice-eval-") as folder:
        sluice, plan = flags.bin / "sluice", flags.plan or pathlib.Path(folder) / "tiny.plan"
        if not flags.plan:
            subprocess.run([sluice, "compile", MODEL, "-o", plan], check=True, stdout=subprocess.DEVNULL)
        for window, stride, most in CASES:
            results, losses = ours(sluice, plan, flags.threads, window, stride, most)
            wanted = theirs(transformers, ids, window, stride, most)
            same = len(wanted) == len(losses) == results["scored"]
            perplexity = math.exp(wanted.mean())
            difference = abs(results["perplexity"] / perplexity - 1)
            cases.append({"window": window, "stride": stride, "windows": results["windows"], "scored": results["scored"],
                          "scored_by_transformers": len(wanted), "loss": {"sluice": results["loss"], "transformers": wanted.mean()},
                          "perplexity": {"sluice": results["perplexity"], "transformers": perplexity},
                          "relative_difference": difference,
                          "largest_difference_of_a_loss": float(abs(losses - wanted).max()) if same else None,
                          "holds": same and difference <= MOST_DIFFERENCE})
    print(json.dumps({"versions": transformers.version, "bound": MOST_DIFFERENCE, "cases": cases}, indent=1))
    return 0 if all(case["holds"] for case in cases) else 1


if __name__ == "__main__":
    sys.exit(main())
