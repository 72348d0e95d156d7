#!/usr/bin/env python3
"""What `sluice tokenize` reads and writes. That its ids are right is the matter of
test/runtime/text/tokenizer_equals_hf.py.

usage: tokenize_test.py BIN_FOLDER PLANS_FOLDER
"""
import json, sys

import numpy as np

from program import MODEL, Program, harness, same

program = Program(sys.argv)
TINY = program.tiny
TEXT = "What light is this?\n  <think>é 😀</think>\0"


def ids_of(text, *words, source=TINY):
    line = program.text("tokenize", source, "--file", "-", *words, stdin=text.encode())
    assert line.endswith("\n") and line.count("\n") == 1, line
    return [int(i) for i in line.split(",")] if line.strip() else []


def sources():
    """A plan, the folder of a model and a tokenizer.json say the same."""
    for source in (MODEL, MODEL / "tokenizer.json"):
        same(ids_of(TEXT, source=source), ids_of(TEXT), source)
    text = TEXT.rstrip("\0")
    same(program.text("tokenize", TINY, text), program.text("tokenize", TINY, stdin=text), "an argument and standard input")
    same(program.text("tokenize", TINY, "--file", program.path("t.txt", text)), program.text("tokenize", TINY, text), "--file")
    same(program.text("tokenize", TINY, "--", "--file"), program.text("tokenize", TINY, stdin="--file"), "behind --")


def roundtrip():
    for text in (TEXT, "", " ", "\n\n\n", "\u2028", "a" * 5000, "".join(map(chr, range(1, 0x250)))):
        ids = ",".join(map(str, ids_of(text)))
        same(program.text("tokenize", TINY, "--decode", "--keep-special", "--file", program.path("ids.txt", ids)), text + "\n", text)


def marks():
    ids = ids_of(TEXT)
    same(ids_of(TEXT, "--bos"), [0] + ids, "--bos")
    plain = ids_of(TEXT, "--plain")
    assert len(plain) > len(ids), "--plain took <think> for the token"
    text = ",".join(map(str, [0] + plain + [1]))
    same(program.text("tokenize", TINY, "--decode", text), TEXT + "\n", "special tokens are left out")
    kept = program.text("tokenize", TINY, "--decode", "--keep-special", text)
    assert kept.startswith("<｜begin▁of▁sentence｜>What") and kept.endswith("<｜end▁of▁sentence｜>\n"), kept


def forms():
    ids = ids_of(TEXT)
    same(json.loads(program.text("tokenize", TINY, "--json", stdin=TEXT)), ids, "--json")
    np.save(program.path("ids.npy"), np.array(ids))
    out = program.text("tokenize", TINY, "--decode", f"@{program.path('ids.npy')}", "--json", "--keep-special")
    same(json.loads(out), TEXT, "--decode --json")
    same(program.text("tokenize", TINY, "--json", ""), "[]\n", "no text, as JSON")
    # A byte of a character alone is no text.
    byte = next(i for i in ids_of("😀") if "\ufffd" in program.text("tokenize", TINY, "--decode", i))
    same(json.loads(program.text("tokenize", TINY, "--decode", byte, "--json")), "\ufffd", "half a character")


def batches():
    texts = [TEXT, "", "a", "\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16"), "\n"] * 50
    lines = program.text("tokenize", TINY, "--batch", stdin="".join(json.dumps(t) + "\n" for t in texts)).splitlines()
    ids = [json.loads(line) for line in lines]
    same(ids, [ids_of(t) for t in texts[:5]] * 50)
    back = program.text("tokenize", TINY, "--batch", "--decode", "--keep-special", stdin="".join(f"{i}\n" for i in ids))
    same([json.loads(line) for line in back.splitlines()], texts)
    same(program.text("tokenize", TINY, "--batch", stdin=b""), "", "no lines")
    same(program.text("tokenize", TINY, "--batch", stdin=b'"a"'), program.text("tokenize", TINY, "--batch", stdin=b'"a"\n'), "no last line feed")


def bad_batches():
    for stdin, words, code, sentence in (
            (b'"a"\nb\n', (), 3, "line 2: expected JSON"), (b'"a"\n[1]\n', (), 3, "line 2: expected a string"),
            (b'"a\n', (), 3, "line 1: expected JSON"), (b'"\xff"\n', (), 3, "line 1: .*UTF-8"), (b'\n', (), 3, "line 1: "),
            (b'"\\ud800"\n', (), 3, "line 1: "), (b'[1]\n"a"\n', ("--decode",), 3, "line 2: expected a list"),
            (b'[1.5]\n', ("--decode",), 3, "line 1: .*expected an integer|line 1: .*whole"), (b'[-1]\n', ("--decode",), 3, "line 1: "),
            (b'[4096]\n', ("--decode",), 2, "line 1: there is no token 4096"), (b"[" * 100000, ("--decode",), 3, "line 1: ")):
        try:
            program.refuses(("tokenize", TINY, "--batch", *words), code, sentence, stdin=stdin)
        except AssertionError as fault:
            raise AssertionError(f"{stdin[:20]!r}: {fault}")


if __name__ == "__main__":
    tests = (sources, roundtrip, marks, forms, batches, bad_batches)
    sys.exit(harness.main([(test.__name__, test) for test in tests]))
