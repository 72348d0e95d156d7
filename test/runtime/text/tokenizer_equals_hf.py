#!/usr/bin/env python3
"""Compare `sluice tokenize` with Hugging Face `tokenizers`, ids and text.

usage: tokenizer_equals_hf.py SLUICE MODEL_DIR

Three tokenizers with the same split patterns are compared:
  model       that of MODEL_DIR;
  learnt      30,000 merges learnt from the test's own strings, so that most
              pieces become one token and a cut in another place shows;
  boundaries  merges only across the borders of a character, so that each cut
              beside any character shows: every code point is tried with it.
The last line is "N passed, N failed, N skipped". Exit codes: 0 equal, 1 not,
77 `tokenizers` is missing.
"""
import json, pathlib, random, re, subprocess, sys, tempfile, unicodedata

try:
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers
except ImportError:
    print("skipped: the Python package tokenizers is not installed")
    sys.exit(77)

SEED = 20261125
NEWER = "code points newer than Unicode 14"  # that of PCRE2 10.42, and of Python 3.11
NEWER_BLOCKS = ((0x11F00, 0x11F59), (0x31350, 0x323AF), (0x2EBF0, 0x2EE5D), (0x105C0, 0x105F3), (0x10D40, 0x10D8F),
                (0x13460, 0x143FA), (0x11380, 0x113E2), (0x1E4D0, 0x1E4F9), (0x11B00, 0x11B09), (0x1C89, 0x1C8A))
SCRIPTS = {
    "latin": (0x20, 0x24F), "greek": (0x370, 0x3FF), "cyrillic": (0x400, 0x52F), "hebrew": (0x590, 0x5FF),
    "arabic": (0x600, 0x6FF), "devanagari": (0x900, 0x97F), "thai": (0xE00, 0xE7F), "tibetan": (0xF00, 0xFFF),
    "georgian": (0x10A0, 0x10FF), "hangul jamo": (0x1100, 0x11FF), "ethiopic": (0x1200, 0x137F),
    "khmer": (0x1780, 0x17FF), "punctuation": (0x2000, 0x206F), "symbols": (0x2070, 0x27BF),
    "kana": (0x3040, 0x30FF), "cjk": (0x4E00, 0x9FFF), "hangul": (0xAC00, 0xD7A3), "forms": (0xFB00, 0xFFEF),
    "private": (0xE000, 0xE0FF), "gothic": (0x10330, 0x1034F), "mathematical": (0x1D400, 0x1D7FF),
    "emoji": (0x1F300, 0x1FAFF), "cjk extension B": (0x20000, 0x203FF), "tags": (0xE0000, 0xE01EF),
}


def assigned(c):
    return unicodedata.category(c) != "Cn" and not any(low <= ord(c) <= high for low, high in NEWER_BLOCKS)


def random_character(rng, low, high):
    while True:
        code = rng.randint(low, high)
        if not 0xD800 <= code <= 0xDFFF and assigned(chr(code)):
            return chr(code)


def strings(model, rng):
    """(kind, string) pairs."""
    texts = [(model / name).read_text(encoding="utf-8") for name in ("validation.txt", "calibration.txt")]
    for text in texts:
        for line in text.split("\n"):
            yield "line", line
        for _ in range(1500):
            at = rng.randrange(len(text))
            yield "window", text[at:at + rng.choice((1, 2, 7, 40, 300, 2000))]
    for name, (low, high) in SCRIPTS.items():
        for _ in range(60):
            yield name, "".join(random_character(rng, low, high) for _ in range(rng.randint(1, 40)))
        for _ in range(40):  # words of it between ASCII
            words = ["".join(random_character(rng, low, high) for _ in range(rng.randint(1, 5))) for _ in range(6)]
            yield name, rng.choice((" ", "  ", "\n", ", ", "1", "'s ")).join(words)
    emoji = ["👩‍👩‍👧‍👦", "🏴\U000E0067\U000E0062\U000E0065\U000E006E\U000E0067\U000E007F", "👍🏽", "🇩🇪🇫🇷", "1️⃣", "❤️‍🔥", "☃", "🫠"]
    for _ in range(200):
        yield "emoji sequences", "".join(rng.choice(emoji + [" ", "a", "\n"]) for _ in range(rng.randint(1, 12)))
    marks = [chr(c) for c in range(0x300, 0x370)] + ["\u20E3", "\u0488", "\u093F", "\u0E31", "\uFE0F"]
    for _ in range(400):
        text = "".join(rng.choice("aeZ1 .é") + "".join(rng.choices(marks, k=rng.randint(0, 4))) for _ in range(8))
        yield "combining marks", rng.choice((text, unicodedata.normalize("NFC", text), rng.choice(marks) + text))
    controls = [chr(c) for c in (*range(0x20), *range(0x7F, 0xA1), 0xAD, 0x200B, 0x200E, 0x2028, 0x2029, 0x202E, 0xFEFF,
                                 0xFFF9, 0xFFFD, 0xFFFE, 0xFFFF, 0x1FFFE, 0x10FFFF, 0x85, 0x1680, 0x180E, 0x3000)]
    for _ in range(600):
        yield "control characters", "".join(rng.choice(controls + ["a", "B", "1", ".", " "]) for _ in range(rng.randint(1, 20)))
    spaces = [" ", "\t", "\n", "\r", "\r\n", "\u00A0", "\u2003", "\u3000", "\v", "\f"]
    for _ in range(600):
        yield "white space", "".join(rng.choice(spaces + ["x", "7", "!"]) * rng.choice((1, 1, 1, 2, 5)) for _ in range(12))
    for c in (*"aA1 .!\n\t'é一カ😀́", "\r\n", " a", "1a", ".a", "  \n", "ab", "\u00A0", "<think>", "👍🏽"):
        for length in (1, 2, 3, 4, 5, 9, 31, 257, 3000):
            yield "long runs", c * length
            yield "long runs", "x" + c * length + "y"
    specials = ["<think>", "</think>", "<｜User｜>", "<｜Assistant｜>", "<｜begin▁of▁sentence｜>", "<|User|>", "｜DSML｜",
                "<think", "think>", "<｜", "｜>", "<", "｜", "<<think>>", "a", " ", "\n", "1"]
    for _ in range(600):
        yield "special tokens", "".join(rng.choice(specials) for _ in range(rng.randint(1, 8)))
    for _ in range(600):
        code = "".join(rng.choice(("if (x", " == ", "10'000", "){", "}\n", "\t", "    ", "foo_bar", "->", "::", "0x1F", "//", "\"%d\\n\"",
                                   "I'm", "we'LL", "CamelCase", "€5.00", "3rd", "e.g.", "http://a.b/c?d=1&e")) for _ in range(10))
        yield "code", code
    for _ in range(2500):
        yield "random code points", "".join(random_character(rng, 0, 0x10FFFF) for _ in range(rng.randint(1, 30)))
    everywhere = [random_character(rng, low, high) for low, high in SCRIPTS.values() for _ in range(30)] + controls + list("aZ09 .,'\n")
    for _ in range(2500):
        yield "mixtures", "".join(rng.choice(everywhere) for _ in range(rng.randint(1, 40)))


def every_code_point(rng):
    """Each code point with a meaning, beside each kind of neighbour. Neighbours
    are ASCII and come in pairs, so that no merge takes part in two borders. (The
    private planes are left to random_character: 131,068 alike.)"""
    points = [c for c in map(chr, range(0x80, 0xF0100)) if not 0xD800 <= ord(c) <= 0xDFFF and assigned(c)]
    for left, right in (("a", "b"), (" ", "1"), ("1", " "), (".", "\n"), ("\n", "a"), ("'", "!"), ("A", "")):
        rng.shuffle(points)
        for at in range(0, len(points), 24):
            yield "every code point", "".join(left + c + (right or c) for c in points[at:at + 24])


def newer_strings(rng):
    """Code points without a meaning in Unicode 14: later versions may make them letters."""
    for _ in range(500):
        text = ""
        while not text or assigned(text[1]):
            code = rng.randint(*rng.choice(NEWER_BLOCKS + ((0x370, 0x323AF),)))
            text = f"a{chr(code)}b {chr(code)}1" if not 0xD800 <= code <= 0xDFFF else ""
        yield NEWER, text


class Comparison:
    def __init__(self, name, sluice, json_path):
        self.name, self.sluice, self.path = name, sluice, json_path
        self.theirs = Tokenizer.from_file(str(json_path))
        self.passed = self.failed = 0

    def run(self, *words, stdin=b""):
        return subprocess.run([self.sluice, "tokenize", self.path, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, input=stdin)

    def ours(self, items, *flags):
        done = self.run("--batch", *flags, stdin="".join(json.dumps(item) + "\n" for item in items).encode())
        assert done.returncode == 0, done.stderr.decode()
        lines = done.stdout.decode().split("\n")[:-1]
        assert len(lines) == len(items), (len(lines), len(items))
        return [json.loads(line) for line in lines]

    def judge(self, kind, given, ours, theirs):
        if ours == theirs:
            self.passed += 1
            return
        self.failed += 1
        if self.failed <= 5:
            print(f"{self.name}: {kind}: {given!r:.300}\n  ours   {ours!r:.300}\n  theirs {theirs!r:.300}")

    def encode(self, cases, plain=False):
        """plain: what spells a special token is text like any other."""
        texts = [text for _, text in cases]
        self.theirs.encode_special_tokens = plain
        theirs = [e.ids for e in self.theirs.encode_batch(texts, add_special_tokens=False)]
        self.theirs.encode_special_tokens = False
        for (kind, text), mine, other in zip(cases, self.ours(texts, *["--plain"] * plain), theirs):
            self.judge(kind + ", plain" * plain, text, mine, other)
        return theirs

    def refuse(self, rng):
        """What is no text has no ids: bytes that are not UTF-8 (Python says
        where) and halves of surrogate pairs (theirs refuses them, too)."""
        for _ in range(60):
            data = b"".join(rng.choice((b"a", "é€😀".encode(), bytes((rng.randrange(256), rng.randrange(256)))))
                            for _ in range(rng.randint(1, 12)))
            try:
                theirs = ("ids", self.theirs.encode(data.decode(), add_special_tokens=False).ids)
            except UnicodeDecodeError as fault:
                theirs = ("not UTF-8 at byte", str(fault.start))
            done = self.run("--json", "--file", "-", stdin=data)
            where = re.search(r"not UTF-8: byte (\d+) is ", done.stderr.decode())
            self.judge("bytes", data, ("not UTF-8 at byte", where[1]) if where and done.returncode == 2 else
                       ("ids", json.loads(done.stdout or b"null")), theirs)
        for text in ("\ud800", "a\udfffb", "\ude00\ud83d", "\ud83d\ud83d\ude00"):
            try:
                theirs = self.theirs.encode(text).ids
            except (TypeError, UnicodeEncodeError):
                theirs = "refused"
            done = self.run("--batch", stdin=json.dumps(text).encode())
            self.judge("half a pair", text, "refused" if done.returncode == 3 else done.stdout, theirs)

    def decode(self, lists):
        for keep in (False, True):
            theirs = self.theirs.decode_batch(lists, skip_special_tokens=not keep)
            for ids, mine, other in zip(lists, self.ours(lists, "--decode", *["--keep-special"] * keep), theirs):
                self.judge(f"decode, special tokens {'kept' if keep else 'skipped'}", ids, mine, other)

    def apart(self, cases):
        texts = [text for _, text in cases]
        theirs = [e.ids for e in self.theirs.encode_batch(texts, add_special_tokens=False)]
        differ = [text[1] for text, mine, other in zip(texts, self.ours(texts), theirs) if mine != other]
        print(f"{self.name}: {len(cases)} strings with {NEWER}: {len(differ)} differ "
              + " ".join(f"U+{ord(c):04X}" for c in sorted(set(differ))[:8]))


def learn(json_path, texts, out):
    """A tokenizer with the splits of `json_path` and merges learnt from `texts`."""
    tokenizer = Tokenizer.from_file(str(json_path))
    added = [t.content for t in tokenizer.get_added_tokens_decoder().values()]
    tokenizer.model = models.BPE()
    # The trainer would take an added token in a text for a piece in byte letters.
    texts = [text for text in texts if not any(token in text for token in added)]
    tokenizer.train_from_iterator(texts, trainers.BpeTrainer(
        vocab_size=30000, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), special_tokens=added, show_progress=False))
    tokenizer.save(str(out))


def across_borders(json_path, out):
    """A tokenizer with the splits of `json_path` that merges the last byte of a
    character with the first of the next, and nothing else but words of two."""
    data = json.loads(json_path.read_text(encoding="utf-8"))
    letter, spare = {}, 0x100
    for byte in range(256):  # GPT-2's alphabet
        plain = 0x21 <= byte <= 0x7E or 0xA1 <= byte <= 0xAC or byte >= 0xAE
        letter[byte] = chr(byte if plain else spare)
        spare += not plain
    begins, ends = [*range(0x80), *range(0xC2, 0xF5)], range(0xC0)
    pairs = [(letter[a], letter[b]) for a in ends for b in begins if a >= 0x80 or b >= 0x80]
    vocabulary = sorted(letter.values()) + [a + b for a, b in pairs]
    data["model"].update(vocab={token: i for i, token in enumerate(vocabulary)}, merges=pairs)
    data["added_tokens"] = []
    out.write_text(json.dumps(data), encoding="utf-8")


def wrong(json_path, out):
    """`json_path` with one pattern changed: what must be found to differ."""
    text = json_path.read_text(encoding="utf-8")
    changed = text.replace(r"\\s+(?!\\S)|", "")
    assert changed != text
    out.write_text(changed, encoding="utf-8")


def main():
    sluice, model = sys.argv[1], pathlib.Path(sys.argv[2])
    rng = random.Random(SEED)
    cases = list(strings(model, rng))
    newer = list(newer_strings(rng))
    print(f"seed {SEED}: {len(cases)} strings, {len(set(cases))} different")
    assert len(set(cases)) >= 10000
    every = list(every_code_point(rng))
    works = []
    with tempfile.TemporaryDirectory() as folder:
        paths = {"model": model / "tokenizer.json"} | {
            name: pathlib.Path(folder) / f"{name}.json" for name in ("learnt", "boundaries", "wrong")}
        learn(paths["model"], [text for _, text in cases + newer], paths["learnt"])
        across_borders(paths["model"], paths["boundaries"])
        for name in ("model", "learnt", "boundaries"):
            works.append(work := Comparison(name, sluice, paths[name]))
            size = work.theirs.get_vocab_size()
            lists = work.encode(cases)
            lists += [[rng.randrange(size) for _ in range(rng.randint(0, 12))] for _ in range(3000)]
            work.decode(lists)
            if name == "boundaries":
                work.encode(every)
            else:
                work.encode([(kind, text) for kind, text in cases if kind == "special tokens"], plain=True)
            work.refuse(rng)
            work.apart(newer)
            print(f"{name}: vocabulary {size}, {work.passed} equal, {work.failed} different")
        wrong(paths["boundaries"], paths["wrong"])
        differ = sum(a != b for a, b in zip(works[-1].ours([text for _, text in cases]),
                                            Comparison("wrong", sluice, paths["wrong"]).ours([text for _, text in cases])))
    print(f"with a pattern changed on purpose {differ} of {len(cases)} strings differ")
    failed = sum(work.failed for work in works) + (differ == 0)
    print(f"{sum(work.passed for work in works) + (differ != 0)} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
