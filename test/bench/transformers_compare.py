#!/usr/bin/env python3
"""tiny-v4 with sluice and with transformers on the same processors, and the time
from starting `sluice run` to its first text.

usage: transformers_compare.py BIN_FOLDER [--threads N] [--repetitions N]

Needs torch and transformers (5.23 or newer), which nothing else here does; put
them outside the tree: python3 -m venv /tmp/venv && /tmp/venv/bin/pip install
torch transformers safetensors.

Transformers gets the weights dequantized to fp32, `inference_mode`, eager
attention and its cache; its logits are first compared with golden.safetensors.
Both evaluate 512 tokens, then decode 128, greedily, one sequence. Samples of the
two alternate; a figure is the median, after one that does not count.

Prints one JSON object with the bounds, and exits with 1 if one does not hold.
"""
import argparse, json, os, pathlib, re, statistics, subprocess, sys, tempfile, time

MODEL = pathlib.Path(__file__).resolve().parents[1] / "models/tiny-v4"
PREFILL, DECODE = 512, 128
LEAST_DECODE_RATIO, LEAST_PREFILL_RATIO, MOST_FIRST_MS = 10, 1, 100
BLOCK, GROUP = 128, 32  # FP8: block x block a scale; MXFP4: a scale for each 32 of a row
E2M1 = [0, .5, 1, 1.5, 2, 3, 4, 6]


def dequantize(name, weight, scale, torch):
    scale = torch.exp2(scale.view(torch.uint8).float() - 127)
    if weight.dtype == torch.float8_e4m3fn:
        each = scale.repeat_interleave(BLOCK, 0).repeat_interleave(BLOCK, 1)
        return weight.float() * each[:weight.shape[0], :weight.shape[1]]
    assert weight.dtype in (torch.int8, torch.uint8), f"{name} is {weight.dtype}"
    codes = weight.view(torch.uint8).long()
    codes = torch.stack([codes & 15, codes >> 4], -1).flatten(-2)
    values = torch.tensor(E2M1 + [-v for v in E2M1])[codes]
    return values * scale.repeat_interleave(GROUP, 1)


def write_fp32(folder, torch):
    """The checkpoint in fp32 under the same names, without its MTP block."""
    from safetensors.torch import load_file, save_file
    tensors = {}
    for file in MODEL.glob("model*.safetensors"):
        tensors.update(load_file(file))
    plain = {}
    for name, value in tensors.items():
        scale = tensors.get(name.removesuffix("weight") + "scale") if name.endswith(".weight") else None
        if re.match(r"(model\.)?mtp\.", name) or (name.endswith(".scale") and name.removesuffix("scale") + "weight" in tensors):
            continue
        if scale is not None:
            value = dequantize(name, value, scale, torch)
        plain[name] = value.float() if value.is_floating_point() else value
    save_file(plain, folder / "model.safetensors", metadata={"format": "pt"})
    config = json.loads((MODEL / "config.json").read_text())
    for key in ("quantization_config", "expert_dtype"):
        config.pop(key, None)
    config["dtype"] = config["torch_dtype"] = "float32"
    (folder / "config.json").write_text(json.dumps(config))


class Transformers:
    def __init__(self, threads):
        os.environ.update(TRANSFORMERS_VERBOSITY="error", HF_HUB_DISABLE_PROGRESS_BARS="1", PYTHONWARNINGS="ignore")
        try:
            import torch, transformers
        except ImportError as e:
            sys.exit(f"{e}; this needs torch and transformers: see --help")
        from safetensors.torch import load_file
        torch.set_num_threads(threads)
        self.torch, self.version = torch, f"transformers {transformers.__version__}, torch {torch.__version__}"
        with tempfile.TemporaryDirectory(prefix="sluice-fp32-") as folder:
            write_fp32(pathlib.Path(folder), torch)
            self.model = transformers.AutoModelForCausalLM.from_pretrained(
                folder, dtype=torch.float32, attn_implementation="eager").eval()
        golden = load_file(MODEL / "golden.safetensors")
        with torch.inference_mode():
            logits = self.model(golden["0.input_ids"].long()[None]).logits[0]
        self.difference = float((logits - golden["0.logits"]).abs().max())
        assert self.difference <= 1e-4, f"this is not the model of the golden: off by {self.difference}"

    def sample(self):
        """Tokens a second of prefill and of decode."""
        torch = self.torch
        vocabulary = self.model.config.vocab_size
        ids = (torch.arange(PREFILL) * 2654435761 % vocabulary)[None]
        with torch.inference_mode():
            start = time.perf_counter()
            out = self.model(ids, use_cache=True, logits_to_keep=1)
            token = out.logits[:, -1].argmax(-1, keepdim=True)
            middle = time.perf_counter()
            for _ in range(DECODE):
                out = self.model(token, past_key_values=out.past_key_values, use_cache=True)
                token = out.logits[:, -1].argmax(-1, keepdim=True)
            end = time.perf_counter()
        return PREFILL / (middle - start), DECODE / (end - middle)


class Sluice:
    def __init__(self, bin_folder, threads, plan):
        self.tool, self.threads, self.plan = bin_folder.resolve() / "sluice", threads, plan
        subprocess.run([self.tool, "compile", MODEL, "-o", plan], check=True, stdin=subprocess.DEVNULL)

    def sample(self):
        done = subprocess.run([self.tool, "bench", self.plan, "--json", f"--threads={self.threads}", "--repetitions=1",
                               f"--prefill={PREFILL}", f"--decode={DECODE}"], check=True, stdout=subprocess.PIPE)
        results = {r["what"]: r["median"] for r in json.loads(done.stdout)["results"]}
        return results["prefill"], results["decode"]

    def first_text_ms(self):
        """From before the process exists to its first byte on stdout."""
        start = time.perf_counter()
        child = subprocess.Popen([self.tool, "run", self.plan, "--prompt=ROMEO.", "--max-tokens=8", "--temperature=0", "-q",
                                  f"--threads={self.threads}"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        assert child.stdout.read(1), "it wrote nothing"
        elapsed = time.perf_counter() - start
        child.stdout.read()
        assert child.wait() == 0
        return 1000 * elapsed


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bin", metavar="BIN_FOLDER", type=pathlib.Path)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repetitions", type=int, default=5)
    flags = parser.parse_args()
    theirs = Transformers(flags.threads)
    with tempfile.TemporaryDirectory(prefix="sluice-compare-") as folder:
        ours = Sluice(flags.bin, flags.threads, pathlib.Path(folder) / "tiny.plan")
        samples = [(theirs.sample(), ours.sample(), ours.first_text_ms()) for _ in range(flags.repetitions + 1)][1:]
    median = lambda choose: round(statistics.median(map(choose, samples)), 1)
    found = {"versions": theirs.version, "threads": flags.threads, "difference_from_golden": theirs.difference,
             "prefill_tokens_per_s": {"transformers": median(lambda s: s[0][0]), "sluice": median(lambda s: s[1][0])},
             "decode_tokens_per_s": {"transformers": median(lambda s: s[0][1]), "sluice": median(lambda s: s[1][1])},
             "first_text_ms": median(lambda s: s[2])}
    ratio = lambda what: round(found[what]["sluice"] / found[what]["transformers"], 2)
    bounds = {"decode ratio": (ratio("decode_tokens_per_s"), "at least", LEAST_DECODE_RATIO),
              "prefill ratio": (ratio("prefill_tokens_per_s"), "at least", LEAST_PREFILL_RATIO),
              "first_text_ms": (found["first_text_ms"], "at most", MOST_FIRST_MS)}
    holds = lambda value, word, bound: value >= bound if word == "at least" else value <= bound
    found["bounds"] = {what: {"found": b[0], b[1]: b[2], "holds": holds(*b)} for what, b in bounds.items()}
    print(json.dumps(found, indent=1))
    return 0 if all(holds(*b) for b in bounds.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
