#!/usr/bin/env python3
"""What `sluice pack` and `compile --quantize` refuse: a sentence, the documented exit
code, and no folder that looks like a model.

usage: refusal_test.py BIN_FOLDER
"""
import os, resource, shutil, subprocess, sys

import packing
from packing import RULES, Packer, harness

packer = Packer()
PLAIN = harness.CHECKPOINTS["v4-plain-bf16"]
HAS_COMPILER = (packer.bin / "sluice-compile").exists()


def cases():
    """(name, source, rules, further words, exit code, sentence)"""
    for rules, sentence in (
            ("", "--quantize: expected|expected rules"), ("dense", "expected .*=FORMAT|dense"), ("dense=fp9", 'unknown format "fp9"|fp9'),
            ("dense=mxfp4", "dense.*mxfp4|mxfp4.*experts"), ("dense=fp8,dense=none", "twice|dense"), ("dense=fp8,", "empty|expected"),
            ("layers.9.*=none", r"layers\.9\.\*.*match|matched"), ("*.wq_q=fp8", "match"),
            ("layers.0.*=fp8,*.wq_a=none", "matched by two patterns"), ("layers.[2-=none", r"\["),
            ("*.wq_a=mxfp4", "mxfp4"), ("layers.0.ffn.experts.0.w1=mxfp4", "one format for all experts"),
            ("attn_norm=fp8", 'expected dense, experts or a pattern such as .*found "attn_norm"'), ("*.attn_norm=fp8", "match|none of")):
        yield f"rules {rules!r}", PLAIN, rules, (), 2, sentence
    yield "a size that MXFP4 does not take", harness.CHECKPOINTS["v4-saved-bf16"], RULES, (), 2, \
        r"layers\.\d+\..*expected a multiple of 32 columns for mxfp4, found \d+"
    yield "a model that is quantized", harness.CHECKPOINTS["tiny-v4"], RULES, (), 3, \
        "expected F32 or BF16 to quantize from, found .*pack the model it was quantized from"
    yield "a model that is not there", "/nonexistent", RULES, (), 3, "No such file|expected"
    yield "a file for a model", PLAIN / "config.json", RULES, (), 3, "config.json"
    yield "scales of no name", PLAIN, RULES, ("--scales=best",), 2, "--scales"
    yield "shards of nothing", PLAIN, RULES, ("--shard-mib", 0), 2, "--shard-mib: expected a whole number"


def refuse(source, rules, more, code, sentence):
    folder = packer.new()
    packer.refuses(("pack", source, "-o", folder, f"--quantize={rules}", *more), code, sentence)
    assert not folder.exists(), f"left {os.listdir(folder)}"


def copy_of(source):
    folder = packer.new("source")
    shutil.copytree(source, folder)
    return folder


def not_finite(value, name, at, sentence):
    """A number that is not finite is named: tensor and element."""
    source = copy_of(PLAIN)
    tensors = packing.checkpoint.read_tensors(source)
    kind, shape, data = tensors[name]
    assert kind == "BF16"
    data = bytearray(data)
    i = at[0] * shape[1] + at[1]
    data[2 * i:2 * i + 2] = int(value).to_bytes(2, "little")
    tensors[name] = kind, shape, bytes(data)
    packing.checkpoint.write_tensors(source / "model.safetensors", tensors)
    folder = packer.new()
    packer.refuses(("pack", source, "-o", folder, f"--quantize={RULES}"), 3, sentence)
    assert not (folder / "model.safetensors.index.json").exists()
    packer.refuses(("pack", source, "-o", folder, "--quantize=none"), 3, sentence)


def changed_copy(change):
    """A copy of the plain golden whose tensors {name: (type, shape, bytes)} `change` has changed."""
    source = copy_of(PLAIN)
    tensors = packing.checkpoint.read_tensors(source)
    change(tensors)
    packing.checkpoint.write_tensors(source / "model.safetensors", tensors)
    return source


def copied_not_finite(kind, shape, data, at):
    """What is only copied is looked at as well."""
    name = "mtp.0.extra"
    source = changed_copy(lambda tensors: tensors.update({name: (kind, shape, bytes(data))}))
    packer.refuses(("pack", source, "-o", packer.new(), "--quantize=none"), 3,
                   rf'"{name}": expected finite numbers, found an infinity or NaN at \[{at}\]')


def scale_names():
    """A scale has a name of its own, or there is no model."""
    name = "layers.0.attn.wq_a.scale"
    source = changed_copy(lambda tensors: tensors.update({name: ("F32", [1], bytes(4))}))
    folder = packer.new()
    packer.refuses(("pack", source, "-o", folder, f"--quantize={RULES}"), 3,
                   rf'the scales of "layers.0.attn.wq_a.weight" would be named "{name}", as a tensor of the source is')
    assert not folder.exists()


def calibration():
    """What --calibrate cannot work with is known before the compiler runs."""
    words = lambda *more, rules=RULES: ("pack", PLAIN, "-o", packer.new(), f"--quantize={rules}", *more)
    text = packer.folder / "calibration.txt"
    text.write_text("ROMEO.\n" * 40)
    packer.refuses(words("--calibrate", ""), 2, 'expected the name of a text after --calibrate, found ""')
    packer.refuses(words("--calibrate", text, rules="dense=fp8"), 2, "give it to no tensor")
    packer.refuses(words("--calibrate", text, "--scales=plain"), 2, "--scales=plain searches none")
    taken = packer.new()
    taken.mkdir()
    (taken / "notes.txt").write_text("mine")
    packer.refuses(("pack", PLAIN, "-o", taken, f"--quantize={RULES}", "--calibrate", text), 8, "found files in")
    if HAS_COMPILER:
        packer.refuses(words("--calibrate", text), 8, "expected TMPDIR to name a folder .*\"/nonexistent\"",
                       env={**os.environ, "TMPDIR": "/nonexistent"})
        packer.refuses(("compile", PLAIN, "-o", text, f"--quantize={RULES}", "--pack", packer.new(), "--calibrate", text), 2,
                       "would replace the text of --calibrate", program="sluice-compile")
    assert text.read_text().startswith("ROMEO.")


def report_not_written():
    """The report goes nowhere: the exit code says so. The model is whole."""
    folder = packer.new()
    done = subprocess.run([packer.bin / "sluice", "pack", PLAIN, "-o", folder, f"--quantize={RULES}"], stdin=subprocess.DEVNULL,
                          stdout=open("/dev/full", "w"), stderr=subprocess.PIPE, text=True)
    assert done.returncode == 8 and "No space left" in done.stderr, (done.returncode, done.stderr)
    assert (folder / "model.safetensors.index.json").exists()


def folders():
    """Where a pack does not go."""
    words = lambda to: ("pack", PLAIN, "-o", to, f"--quantize={RULES}")
    full = packer.new()
    full.mkdir()
    (full / "notes.txt").write_text("mine")
    packer.refuses(words(full), 8, "found files in .*; choose another name or empty it")
    assert os.listdir(full) == ["notes.txt"]
    whole, _ = packer.pack(PLAIN)
    before = {p.name: p.read_bytes() for p in whole.iterdir()}
    packer.refuses(words(whole), 8, "found a whole model, which \"sluice compile\" takes, in ")
    assert {p.name: p.read_bytes() for p in whole.iterdir()} == before
    packer.refuses(words(full / "notes.txt"), 8, "notes.txt")
    packer.refuses(words(""), 8, "expected the name of a folder")
    packer.refuses(words("/proc/packed"), 8, "cannot make the folder")
    empty = packer.new()
    empty.mkdir()
    packer.pack(PLAIN, to=empty)  # which is fine


def file_too_large():
    """A limit on files, as a quota is."""
    folder = packer.new()
    limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
    packer.refuses(("pack", PLAIN, "-o", folder, f"--quantize={RULES}"), 8, "File too large|too large", preexec_fn=limit)
    assert not folder.exists() or os.listdir(folder) == [], os.listdir(folder)


def full_disk():
    """A disk with less room than the model takes; it is found before any work."""
    place = packer.new("disk")
    place.mkdir()
    script = f"""mount -t tmpfs -o size=1m none {place} || exit 77
        {packer.bin}/sluice pack {PLAIN} -o {place}/packed --quantize={RULES}; code=$?; ls -A {place} >&2; exit $code"""
    done = subprocess.run(["unshare", "-rm", "sh", "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode == 77 or done.stderr.startswith("unshare:"):
        raise harness.Skip("no small disk can be mounted here: " + done.stderr.strip())
    assert done.returncode == 8, (done.returncode, done.stderr)
    assert "has room for" in done.stderr and done.stderr.count("\n") == 1, done.stderr


def compile_words():
    if not HAS_COMPILER:
        raise harness.Skip("this build has no compiler")
    plan = packer.folder / "x.plan"
    words = ("compile", PLAIN, "-o", plan)
    refuses = lambda more, code, sentence: packer.refuses((*words, *more), code, sentence, program="sluice-compile")
    refuses(("--quantize=dense=fp8",), 2, "--quantize requires --pack")
    refuses(("--pack", packer.new()), 2, "--pack requires --quantize")
    refuses(("--scales=plain",), 2, "--scales requires --quantize")
    folder = packer.new()
    refuses(("--quantize=dense=fp9", "--pack", folder), 2, "fp9")
    packer.refuses(("compile", PLAIN, "-o", plan, "--quantize=dense=fp8", "--pack", folder, "--numerics=best"), 2, "best",
                   program="sluice-compile")
    assert not folder.exists() and not plan.exists()
    packer.refuses(("compile", PLAIN, "-o", "/nonexistent/x.plan", "--quantize=dense=fp8", "--pack", folder), 8, "/nonexistent",
                   program="sluice-compile")
    assert not folder.exists(), "packed before it was known that the plan cannot be written"


def main():
    wq = "layers.0.attn.wq_a.weight"
    w2 = "layers.1.ffn.experts.3.w2.weight"
    tests = [(name, lambda c=case: refuse(*c)) for name, *case in cases()]
    tests += [("NaN", lambda: not_finite(0x7fc0, wq, (5, 3), rf'"{wq}": expected finite numbers, found an infinity or NaN at \[5, 3\]')),
              ("infinity", lambda: not_finite(0xff80, w2, (127, 63), rf'"{w2}": expected finite numbers, found an infinity or NaN at \[127, 63\]')),
              ("NaN of F16", lambda: copied_not_finite("F16", [2, 2], b"\0\0\0\0\0\0\0\x7c", "1, 1")),
              ("NaN of F64", lambda: copied_not_finite("F64", [2], bytes(14) + b"\xf8\x7f", "1")),
              ("NaN of F8_E4M3", lambda: copied_not_finite("F8_E4M3", [3], b"\x7e\x00\xff", "2")),
              ("NaN of F8_E5M2", lambda: copied_not_finite("F8_E5M2", [2], b"\x7b\xfc", "1")),
              ("NaN of F8_E8M0", lambda: copied_not_finite("F8_E8M0", [3], b"\x00\xfe\xff", "2")),
              ("scale names", scale_names), ("calibration", calibration), ("report", report_not_written),
              ("folders", folders), ("a limit on files", file_too_large), ("a full disk", full_disk), ("compile", compile_words)]
    return harness.main(tests)


if __name__ == "__main__":
    sys.exit(main())
