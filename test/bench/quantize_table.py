#!/usr/bin/env python3
"""What quantization costs: the perplexity of validation.txt and the bytes of the
tensors, for each way to pack a BF16 model and each numeric mode.

usage: quantize_table.py BIN_FOLDER MODEL_BF16 [--texts FOLDER] [--windows N] [--markdown]

MODEL_BF16 is the model before quantization (tiny-v4-bf16, which is not part of this
repository). Calibrated on calibration.txt and measured on validation.txt, both of
--texts (default: test/models/tiny-v4).

Prints one JSON object, or with --markdown the tables of docs/quantization.md. Exits
with 1 if the searched scales are worse than the plain ones: in squared error in any
tensor, or in perplexity in `exact`.
"""
import argparse, json, pathlib, subprocess, sys, tempfile

TEXTS = pathlib.Path(__file__).resolve().parents[1] / "models" / "tiny-v4"
MODES = ("exact", "bf16", "native")
MIXED = "dense=fp8,experts=mxfp4"
PACKS = {  # name: flags of pack; None: the source itself
    "bf16": None,
    "fp8": ("--quantize=dense=fp8,experts=fp8",),
    "mxfp4 plain": (f"--quantize={MIXED}", "--scales=plain"),
    "mxfp4 searched": (f"--quantize={MIXED}",),
    "mxfp4 calibrated": (f"--quantize={MIXED}", "--calibrate", "{texts}/calibration.txt")}


class Measuring:
    def __init__(self, flags, folder):
        self.flags, self.folder = flags, folder

    def sluice(self, *words):
        done = subprocess.run([str(w) for w in (self.flags.bin / "sluice", *words)], check=True, stdout=subprocess.PIPE, text=True)
        return done.stdout

    def pack(self, name, how):
        """(folder, report)"""
        if how is None:
            return self.flags.model, None
        to = self.folder / name.replace(" ", "-")
        return to, json.loads(self.sluice("pack", self.flags.model, "-o", to, "--json", *(w.format(texts=self.flags.texts) for w in how)))

    def perplexity(self, model, mode):
        plan = self.folder / "x.plan"
        self.sluice("compile", model, "-o", plan, f"--numerics={mode}")
        most = ("--max-windows", self.flags.windows) if self.flags.windows else ()
        results = json.loads(self.sluice("eval", plan, "--text", self.flags.texts / "validation.txt", "--json", *most))["results"]
        return results["perplexity"], results["scored"]

    def row(self, name, how):
        model, report = self.pack(name, how)
        row = {"weights": name, "bytes": sum(f.stat().st_size for f in model.glob("*.safetensors")), "perplexity": {}, "sqnr_db": {}}
        for mode in MODES:
            row["perplexity"][mode], row["scored"] = self.perplexity(model, mode)
        if report:
            row["sqnr_db"] = {part["format"]: part["sqnr_db"] for part in report["formats"]}
            row["worst"] = report["worst"]
            row["tensors"] = {part["tensor"]: part["sqnr_db"] for part in report["tensors"]}
        return row


def failures(rows):
    plain, searched = rows["mxfp4 plain"], rows["mxfp4 searched"]
    worse = [name for name, db in searched["tensors"].items() if db is not None and db < plain["tensors"][name] - 1e-6]
    if worse:
        yield f"searched scales are worse in {worse[:3]} and {len(worse)} tensors in all"
    ratio = searched["perplexity"]["exact"] / plain["perplexity"]["exact"]
    if ratio > 1:
        yield f"the perplexity with searched scales is {ratio:.5f} times that with plain ones"


def markdown(rows):
    yield "| weights | MiB | `exact` | `bf16` | `native` | SQNR of FP8, MXFP4 (dB) |"
    yield "| --- | ---: | ---: | ---: | ---: | --- |"
    for row in rows.values():
        decibels = [f"{row['sqnr_db'][f]:.2f}" if row["sqnr_db"].get(f) is not None else "-" for f in ("fp8", "mxfp4")]
        cells = [f"{row['perplexity'][mode]:.4f}" for mode in MODES]
        yield f"| {row['weights']} | {row['bytes'] / 2**20:.1f} | {' | '.join(cells)} | {', '.join(decibels)} |"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bin", metavar="BIN_FOLDER", type=pathlib.Path)
    parser.add_argument("model", metavar="MODEL_BF16", type=pathlib.Path)
    parser.add_argument("--texts", type=pathlib.Path, default=TEXTS)
    parser.add_argument("--windows", type=int, default=0, help="of 512 tokens at most; all of the text unless given")
    parser.add_argument("--markdown", action="store_true")
    flags = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="sluice-quantize-") as folder:
        measuring, rows = Measuring(flags, pathlib.Path(folder)), {}
        for name, how in PACKS.items():
            print(f"{name} ...", file=sys.stderr)
            rows[name] = measuring.row(name, how)
    failed = list(failures(rows))
    for row in rows.values():
        row.pop("tensors", None)
    print("\n".join(markdown(rows)) if flags.markdown else json.dumps({"rows": list(rows.values()), "failures": failed}, indent=1))
    for failure in failed:
        print(f"quantize_table.py: {failure}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
