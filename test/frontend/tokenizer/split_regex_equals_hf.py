#!/usr/bin/env python3
"""Cut texts with random split patterns, by `sluice tokenize` and by Hugging Face
`tokenizers`: a pattern that we take must mean the same to both.

usage: split_regex_equals_hf.py SLUICE [SEED [PATTERNS]]

Every text of up to 4 letters of ALPHABET is a token and is taken as it is
(ignore_merges), so that the ids say where the cuts are. The last line is
"N passed, N failed, N skipped". Exit codes: 0 equal, 1 not, 77 `tokenizers` is
missing.
"""
import itertools, json, pathlib, random, subprocess, sys, tempfile

try:
    from tokenizers import Tokenizer
except ImportError:
    print("skipped: the Python package tokenizers is not installed")
    sys.exit(77)

SEED, PATTERNS, LEAST = 20261126, 1000, 0.4  # the share of patterns that both must take
ALPHABET = "ab1 -\n"
ATOMS = ["a", "b", "1", " ", "-", "\n", "é", "]", "}", "~", "#", "&", "<", "\\s", "\\S", "\\d", "\\p{L}", "\\P{N}", "\\p{Z}", "\\P{L}",
         "\\p{Lu}", "\\p{C}", "\\p{M}", "\\p{Cn}", "\\n", "\\r", "\\t", "\\v", "\\f", "\\-", "\\.", "\\{", "\\]", "\\[", "\\^", "\\/", "\\#", "\\&"]
MEMBERS = ["a", "b", "1", " ", "\n", "a-b", "a-z", "0-9", "\\s", "\\d", "\\p{L}", "\\P{L}", "\\p{Z}", "\\-", "\\]", "\\^", "\\n", "é", "#", "&",
           "+-/", " -~", "\\v", "\\/-9", "^-`", ".", "$", "|", "(", ")", "{", "}", "*", "?", "+", "\\[", ":", "=", "~", "^"]
REPEATS = [""] * 8 + ["*", "+", "?", "*?", "+?", "??", "*+", "++", "?+", "{1}", "{2}", "{1,}", "{0,1}", "{1,2}", "{0}"]
GROUPS = ["(", "(?:", "(?:", "(?=", "(?!", "(?<=", "(?<!"]
ODD_TEXTS = ["\u180e a", "a\u0085b", "é\u2028a", "a\u00a0b", "\r\n", "\r\na\t", "\v\f", "A1", "\u0301a", "a]", "{}", "~#&", "a\u0600b", "^._/",
             "+,-./:;<=>?", "[\\]", "(*)|$", "\u0378", "a\U0001F600"]


def byte_letters():
    """GPT-2's alphabet: the letter of each byte."""
    spare = itertools.count(0x100)
    return [chr(b) if 0x21 <= b <= 0x7E or 0xA1 <= b <= 0xAC or b >= 0xAE else chr(next(spare)) for b in range(256)]


LETTERS = byte_letters()
WORDS = ["".join(LETTERS[ord(c)] for c in word) for n in (2, 3, 4) for word in itertools.product(ALPHABET, repeat=n)]
VOCABULARY = {token: i for i, token in enumerate(LETTERS + WORDS)}


def tokenizer_json(pattern):
    return json.dumps({
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": [], "normalizer": None, "post_processor": None,
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
            {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": False},
            {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}]},
        "decoder": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True},
        "model": {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None, "end_of_word_suffix": None,
                  "fuse_unk": False, "byte_fallback": False, "ignore_merges": True, "vocab": VOCABULARY, "merges": []}})


def random_set(rng):
    # "-" where both read a literal, and where it might make a range.
    members = [rng.choice(MEMBERS) for _ in range(rng.randint(1, 4))]
    return "[" + rng.choice(("", "^")) + rng.choice(("", "", "", "-")) + "".join(members) + rng.choice(("", "", "", "-")) + "]"


def random_pattern(rng, depth=0):
    text = ""
    for _ in range(rng.choice((1, 2, 2, 3))):
        kind = rng.random()
        if kind < 0.5 or depth == 2:
            atom = rng.choice(ATOMS)
        elif kind < 0.75:
            atom = random_set(rng)
        else:
            atom = rng.choice(GROUPS) + random_pattern(rng, depth + 1) + ")"
        # A repeated lookaround is nothing that anyone writes, or Oniguruma takes.
        text += atom + ("" if atom.startswith(GROUPS[3][:2]) and not atom.startswith("(?:") else rng.choice(REPEATS))
    return text + ("|" + random_pattern(rng, depth + 1) if depth < 2 and rng.random() < 0.25 else "")


def cuts(ids):
    return [(LETTERS + WORDS)[i] for i in ids]


def main():
    sluice = sys.argv[1]
    seed, patterns = (int(argument) for argument in (*sys.argv[2:], *(SEED, PATTERNS)[len(sys.argv) - 2:]))
    rng = random.Random(seed)
    texts = ["".join(rng.choices(ALPHABET, k=rng.randint(1, 8))) for _ in range(150)] + ODD_TEXTS
    lines = "".join(json.dumps(text) + "\n" for text in texts).encode()
    passed = failed = ours_only = theirs_only = 0
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "tokenizer.json"
        for _ in range(patterns):
            pattern = random_pattern(rng)
            path.write_text(tokenizer_json(pattern), encoding="utf-8")
            try:
                theirs = Tokenizer.from_file(str(path))
            except Exception:  # tokenizers raises plain Exception
                theirs = None
            done = subprocess.run([sluice, "tokenize", path, "--batch"], input=lines, capture_output=True)
            if done.returncode:
                theirs_only += theirs is not None
                if done.returncode != 3 or not done.stderr.startswith(b"sluice"):
                    failed += 1
                    print(f"{pattern!r}: exit code {done.returncode}: {done.stderr.decode()}")
                continue
            if theirs is None:  # nothing to be compared with
                ours_only += 1
                continue
            expected = [e.ids for e in theirs.encode_batch(texts, add_special_tokens=False)]
            found = [json.loads(line) for line in done.stdout.decode().splitlines()]
            differ = [i for i, ids in enumerate(expected) if found[i] != ids]
            passed, failed = passed + (not differ), failed + bool(differ)
            if differ:
                i = differ[0]
                print(f"{pattern!r} cuts {texts[i]!r}\n  ours   {cuts(found[i])}\n  theirs {cuts(expected[i])}")
    print(f"seed {seed}: {patterns} patterns on {len(texts)} texts; {theirs_only} only theirs takes, {ours_only} only ours")
    if passed + failed < patterns * LEAST:
        failed += 1
        print(f"expected at least {patterns * LEAST:.0f} patterns that both take")
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
