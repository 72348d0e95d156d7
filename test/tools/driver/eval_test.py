#!/usr/bin/env python3
"""What `sluice eval` scores, held against the logits that `sluice run` writes.

usage: eval_test.py BIN_FOLDER PLANS_FOLDER
"""
import math, sys

import numpy as np

from program import MODEL, Program, harness, same

program = Program(sys.argv)
TINY = program.tiny
TEXT = (MODEL / "validation.txt").read_text()[:2400]
BOS = 0


def text_ids(text=TEXT):
    return [int(i) for i in program.text("tokenize", TINY, text).split(",")]


def logits_of(ids):
    np.save(program.path("in.npy"), np.asarray(ids, "i4"))
    out = program.path("out.npy")
    program.text("run", TINY, "--input-ids", f"@{program.path('in.npy')}", "--max-tokens", 0, "--logits", out)
    return np.load(out).astype(float)


def expected(ids, window, stride, most=10**9):
    """Losses of ids[1:], by the words of --help: windows of their own, each
    token scored once, in the first window that predicts it."""
    losses, begin, count = [], 0, 0
    while count < most:
        end = min(begin + window, len(ids) - 1)
        logits = logits_of(ids[begin:end])
        top = logits.max(-1, keepdims=True)
        log_sum = np.log(np.exp(logits - top).sum(-1)) + top[:, 0]
        each = log_sum - logits[np.arange(end - begin), ids[begin + 1:end + 1]]
        losses += each[len(losses) - begin:].tolist()
        count += 1
        if end == len(ids) - 1:
            break
        begin += stride
    return np.array(losses), count


def evaluated(*words, text=TEXT):
    file = program.path("losses.npy")
    file.unlink(missing_ok=True)
    found = program.json("eval", TINY, "--text", program.path("text.txt", text), "--losses", file, *words)["results"]
    return found, np.load(file)


def windows():
    ids = [BOS] + text_ids()
    for window, stride, most in ((64, 64, None), (100, 37, None), (512, 512, None), (4096, 4096, None), (33, 1, 5),
                                 (len(ids) - 1, 1, None), (len(ids) - 2, 1, None), (1, 1, 9)):
        wanted, count = expected(ids, window, stride, *([most] if most else []))
        found, losses = evaluated("--window", window, "--stride", stride, *(["--max-windows", most] if most else []))
        what = f"window {window}, stride {stride}"
        same((found["windows"], found["scored"], found["tokens"]), (count, len(wanted), len(ids)), what)
        same(losses.shape, wanted.shape, what)
        assert np.abs(losses - wanted).max() < 1e-9, what
        assert abs(found["loss"] - wanted.mean()) < 1e-9, what
        assert abs(found["perplexity"] / math.exp(wanted.mean()) - 1) < 1e-9, what


def unchanged_by():
    """Chunks, threads and targets change no bit of a loss."""
    _, first = evaluated("--window", 70, "--stride", 31)
    for words in (("--chunk", 1), ("--chunk", 13), ("--chunk", 2048), ("--threads", 1), ("--target", "x86-64-v3")):
        _, losses = evaluated("--window", 70, "--stride", 31, *words)
        assert (losses == first).all(), words


def ways_in():
    ids = [BOS] + text_ids()
    found, losses = evaluated("--window", 80)
    np.save(program.path("ids.npy"), np.array(ids, "i8"))
    given = program.json("eval", TINY, "--input-ids", f"@{program.path('ids.npy')}", "--window", 80)["results"]
    same(given["loss"], found["loss"], "--input-ids")
    given = program.json("eval", TINY, "--text", "-", "--window", 80, stdin=TEXT)["results"]
    same(given["loss"], found["loss"], "standard input")
    without, rest = evaluated("--window", 80, "--no-bos")
    wanted, _ = expected(ids[1:], 80, 80)
    assert np.abs(rest - wanted).max() < 1e-9 and without["scored"] == found["scored"] - 1, "--no-bos"
    bits = losses.sum() / math.log(2) / len(TEXT.encode())
    assert abs(found["bits_per_byte"] - bits) < 1e-9, f"{found['bits_per_byte']} is not {bits}"


def shown():
    out, err = program.run("eval", TINY, "--text", program.path("text.txt", TEXT), "--max-windows", 1)
    assert b"perplexity" in out and err == "", "progress where no terminal is"


def refusals():
    text = program.path("text.txt", TEXT)
    for words, code, sentence in (
            ((), 2, "--text"),
            (("--text", program.path("none.txt")), 3, "none.txt"),
            (("--text", program.path("empty.txt", ""), "--no-bos"), 2, "empty"),
            (("--text", program.path("empty.txt", "")), 2, "nothing to predict"),
            (("--text", program.path("bad.txt", b"\xff\xfe")), 2, "UTF-8"),
            (("--text", text, "--window", 10, "--stride", 11), 2, "stride 11"),
            (("--text", text, "--window", 0), 2, "--window"),
            (("--text", text, "--window", 2**31 - 1), 2, "context"),
            (("--text", text, "--input-ids", "1,2"), 2, "excludes"),
            (("--input-ids", "1"), 2, "token"),
            (("--input-ids", "1,999999"), 2, "999999"),
            (("--text", text, "--losses", program.folder / "no/such.npy"), 8, "such.npy")):
        program.refuses(("eval", TINY, *words), code, sentence)
    assert not list(program.folder.glob("*.tmp*")), "a file half written"


if __name__ == "__main__":
    sys.exit(harness.main([(test.__name__, test) for test in (windows, unchanged_by, ways_in, shown, refusals)]))
