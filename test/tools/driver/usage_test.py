#!/usr/bin/env python3
"""Wrong usage of every verb of sluice, wrong SLUICE_* variables, and output that
cannot be written: a sentence, the documented exit code, no half-written file.

usage: usage_test.py BIN_FOLDER PLANS_FOLDER
"""
import ctypes, os, resource, signal, struct, sys, time

import numpy as np

from program import MODEL, Program, harness

program = Program(sys.argv)
TINY = program.tiny
VERBS = ("run", "bench", "check", "dump", "tokenize")  # that take a plan and nothing else
HELPS = (*VERBS, "eval", "pack")
RUN = ("run", TINY, "--max-tokens", "2", "-q")
PROMPT = (*RUN, "--prompt", "a")
WHOLE = r"expected a whole number of "


def npy(name, array):
    path = program.path(name)
    np.save(path, array)
    return f"@{path}"


def cases():
    """(name, words, exit code, sentence)"""
    yield "no verb", (), 2, "expected a verb"
    yield "unknown verb", ("rum",), 2, r'unknown verb "rum"; did you mean run\?'
    yield "verb like no other", ("frobnicate",), 2, r'unknown verb "frobnicate"$'
    yield "control characters in a verb", ("a\x1b[31m\nb",), 2, r'unknown verb "a\\x1b\[31m\\x0ab"'
    yield "a verb of 100,000 letters", ("x" * 100_000,), 2, "unknown verb"
    yield "flag before a verb", ("--versoin",), 2, r"did you mean --version\?"
    for verb in VERBS:
        yield f"{verb} of nothing", (verb,), 2, f"^sluice {verb}: expected (PLAN|SOURCE)$"
        yield f"{verb}, unknown flag", (verb, TINY, "--jsom" if verb != "run" else "--promt"), 2, \
            r'unknown flag "--(jsom|promt)"; did you mean --(json|prompt)\?'
        yield f"{verb}, flag like no other", (verb, TINY, "--xyzzy-plugh"), 2, r'unknown flag "--xyzzy-plugh"$'
        yield f"{verb}, an argument too many", (verb, TINY, "a", "b"), 2, 'unknown argument "'
        yield f"{verb} of a file that is not there", (verb, "/nonexistent/x.plan"), 3, "No such file"
        yield f"{verb} of a folder", (verb, program.folder), 3, "director|regular file|No such file"
        yield f"{verb} of an empty file", (verb, program.path("empty", b"")), 3, "empty"
        yield f"{verb} of another file", (verb, MODEL / "model.safetensors"), 3, "not a sluice plan|JSON"
    yield "behind --", (*RUN, "--", "--prompt", "a"), 2, "found --prompt where no more arguments are expected"
    yield "two prompts", (*PROMPT, "--prompt-file", "x"), 2, "--prompt.* excludes --prompt"
    yield "prompt and ids", (*PROMPT, "--input-ids", "5"), 2, "excludes"
    yield "prompt file and ids", (*RUN, "--prompt-file", "x", "--input-ids", "5"), 2, "excludes"
    yield "tokenize, text and file", ("tokenize", TINY, "a", "--file", "x"), 2, "excludes"
    yield "tokenize, text and batch", ("tokenize", TINY, "a", "--batch"), 2, "excludes"
    yield "a flag twice", (*PROMPT, "--ctx", "5", "--ctx", "6"), 2, "--ctx: expected once, found 2 times"
    yield "a flag without its value", (*RUN, "--prompt"), 2, "--prompt: expected a value"
    yield "a value for a flag", ("dump", TINY, "--json=no"), 2, "--json takes no value"
    for flag, words in (("--ctx", ("0", "-1", "1.5", "many", "", "0x10", "18446744073709551616", " 5")),
                        ("--threads", ("0", "1025")), ("--chunk", ("0", "1048577")), ("--seed", ("-1", "1e3")),
                        ("--top-k", ("-1", "2.0")), ("--max-tokens", ("-1", "2147483648"))):
        for word in words:
            yield f"{flag} {word!r}", (*PROMPT, f"{flag}={word}") if word else (*PROMPT, flag, word), 2, f"^sluice run: {flag}: {WHOLE}"
    for flag, word in (("--slots", "65537"), ("--rows", "0")):
        yield f"dump {flag} {word}", ("dump", TINY, flag, word), 2, f"{flag}: {WHOLE}"
        yield f"check {flag} {word}", ("check", TINY, flag, word), 2, f"{flag}: {WHOLE}"
    for flag in ("--prefill", "--decode", "--repetitions", "--warmup", "--chunk"):
        yield f"bench {flag} -1", ("bench", TINY, flag, "-1"), 2, f"{flag}: {WHOLE}"
    yield "bench of nothing", ("bench", TINY, "--prefill", "0", "--decode", "0"), 2, "nothing to measure"
    yield "bench beyond the model", ("bench", TINY, "--prefill", "20000"), 2, "need a context of 20128 tokens"
    yield "bench beyond --ctx", ("bench", TINY, "--ctx", "9"), 2, "need a context of 640 tokens, this one takes 9"
    for word in ("x", "1,5", "", "1e50"):
        yield f"temperature {word!r}", (*PROMPT, "--temperature", word), 2, "--temperature: expected a number"
    for word in ("-1", "nan", "inf"):
        yield f"temperature {word}", (*PROMPT, "--temperature", word), 2, "temperature is finite and at least 0"
    for word in ("0", "1.5", "-0.1", "nan"):
        yield f"top-p {word}", (*PROMPT, "--top-p", word), 2, "top-p is above 0 and at most 1"
    for word in ("5,x", ",", "5,,6", "5,", "-1", "2147483648", "5 -6", "5;6", "\x01"):
        yield f"ids {word!r}", (*RUN, "--input-ids", word), 2, "--input-ids: expected token ids such as 5,7,9"
    yield "no ids", (*RUN, "--input-ids", " "), 2, "expected at least one token id"
    yield "an id beyond the vocabulary", (*RUN, "--input-ids", "5,4096"), 2, \
        "token 1 of the input is 4096, the model has tokens 0 to 4095"
    yield "ids of a file that is not there", (*RUN, "--input-ids", "@/nonexistent.npy"), 3, "No such file"
    yield "ids of no array", (*RUN, "--input-ids", f"@{program.path('x.npy', b'PK')}"), 3, "expected an .npy file"
    yield "ids that are floats", (*RUN, "--input-ids", npy("f.npy", np.ones(3, "f4"))), 3, "expected int32 or int64"
    yield "ids in two dimensions", (*RUN, "--input-ids", npy("2.npy", np.ones((2, 2), "i4"))), 3, "expected one dimension"
    yield "ids that are none", (*RUN, "--input-ids", npy("0.npy", np.ones(0, "i4"))), 2, "at least one token id"
    yield "ids below 0", (*RUN, "--input-ids", npy("n.npy", np.array([5, -6], "i4"))), 3, "element 1 is -6"
    yield "ids of 2^40", (*RUN, "--input-ids", npy("w.npy", np.array([1 << 40]))), 3, "element 0 is 1099511627776"
    cut = program.path("cut.npy", open(npy("c.npy", np.ones(9, "i4"))[1:], "rb").read()[:-3])
    yield "ids cut short", (*RUN, "--input-ids", f"@{cut}"), 3, "the shape says 9 elements"
    yield "a prompt that is no UTF-8", (*RUN, "--prompt", b"abc\xff\xfe"), 2, "(UTF-8.*3|3.*UTF-8)"
    yield "a prompt file that is no UTF-8", (*RUN, "--prompt-file", program.path("bad", b"\xc3\x28")), 2, "UTF-8"
    yield "a prompt file that is not there", (*RUN, "--prompt-file", "/nonexistent"), 3, "No such file"
    yield "a prompt file that is a folder", (*RUN, "--prompt-file", program.folder), 3, "directory"
    yield "an empty prompt without BOS", (*RUN, "--no-bos", "--prompt", ""), 2, "the prompt is empty"
    yield "an empty standard input without BOS", (*RUN, "--no-bos"), 2, "the prompt is empty"
    yield "a prompt longer than the context", (*RUN, "--ctx", "4", "--prompt", "What light is this?"), 2, \
        r"the prompt has \d+ tokens, the context takes 4; shorten the prompt or raise --ctx, up to 16384"
    yield "a prompt longer than the model takes", (*RUN, "--input-ids", npy("long.npy", np.ones(16385, "i4"))), 2, \
        "the prompt has 16385 tokens, the context takes 16384; shorten the prompt$"
    yield "more context than the model takes", (*PROMPT, "--ctx", "16385"), 2, "expected 1 to 16384 tokens of context"
    yield "a target that is none", (*PROMPT, "--target", "sm_90"), 2, 'the plan has no target "sm_90"'
    yield "dump, a target that is none", ("dump", TINY, "--target", "x86-64-v5"), 2, "did you mean x86-64-v"
    yield "check, a target that is none", ("check", TINY, "--target", "x86-64-v5"), 2, "the plan has no target"
    yield "an output without a file", (*PROMPT, "--output", "logits"), 2, "expected NAME=FILE.npy"
    yield "an output that is none", (*PROMPT, "--output", f"logit={program.path('l.npy')}"), 2, r"did you mean logits\?"
    yield "a model that is not there", (*PROMPT, "--model", "/nonexistent"), 3, "expected a model directory"
    yield "a model that is another", (*PROMPT, "--model", harness.CHECKPOINTS["v4-base"]), 4, "made for another model"
    lost = program.path("lost.plan", TINY.read_bytes())
    yield "a model that is named nowhere", ("run", lost, "--prompt", "a"), 3, "name the directory of the model with --model"
    no_text = program.plans / "v4-runtime.plan"
    yield "text without a tokenizer", ("run", no_text, "--prompt", "a"), 4, "the plan has no tokenizer"
    yield "text out without a tokenizer", ("run", no_text, "--input-ids", "5"), 4, "the plan has no tokenizer"
    yield "tokenize without a tokenizer", ("tokenize", no_text, "a"), 4, "the plan has no tokenizer"
    yield "tokenize, an id that is none", ("tokenize", TINY, "--decode", "5,4096"), 2, "there is no token 4096"
    yield "tokenize, no id", ("tokenize", TINY, "--decode", "x"), 2, "expected token ids"
    yield "tokenize, no UTF-8", ("tokenize", TINY, b"\xed\xa0\x80"), 2, "UTF-8"
    yield "tokenize, BOS of a tokenizer.json", ("tokenize", MODEL, "a", "--bos"), 2, "--bos needs a plan"
    yield "tokenize, a folder without one", ("tokenize", program.folder, "a"), 3, "tokenizer.json.*No such file"
    if (program.sluice.parent / "sluice-compile").exists():  # which a build without the compiler has not
        yield "compile of nothing", ("compile",), 2, "expected the folder of a model"


def helps():
    program.run("--help")
    out = program.text("--version")
    assert out.startswith("sluice ") and out[7].isdigit(), out
    for verb in HELPS:
        for words in ((verb, "--help"), (verb, "-h"), (verb, TINY, "--help"), (verb, "--help", "--xyzzy")):
            out, err = program.run(*words)
            text = out.decode()
            assert f"sluice {verb}" in text and "Examples:" in text and "--help" in text, (words, text[:300])
            assert err == "", (words, err)
            assert max(map(len, text.split("\n"))) < 140, "a line of help that no terminal takes"
    with open("/dev/full", "wb") as full:
        for words in (("--help",), ("--version",), ("run", "--help")):
            program.refuses(words, 8, "cannot write to standard output", stdout=full)
    # A wrong variable must not keep anyone from reading how it is right.
    assert b"SLUICE_CTX" in program.run("run", "--help", env={"SLUICE_CTX": "many"})[0]


VARIABLES = [  # flag, a value, what is wrong
    ("--ctx", "many", WHOLE), ("--threads", "0", WHOLE), ("--max-tokens", "-1", WHOLE), ("--chunk", "0", WHOLE),
    ("--top-k", "1.5", WHOLE), ("--seed", "x", WHOLE), ("--temperature", "warm", "expected a number"),
    ("--top-p", "most", "expected a number")]


def variables():
    for flag, value, sentence in VARIABLES:
        name = "SLUICE_" + flag[2:].upper().replace("-", "_")
        words = [w for w in RUN if w not in ("--max-tokens", "2")] + ["--prompt", "a"]
        program.refuses(words, 2, f"^sluice run: {name}: {sentence}", env={name: value})
        # The flag's own mistake is the flag's.
        program.refuses([*words, flag, "-"], 2, f"^sluice run: {flag}: {sentence}", env={name: value})
        program.run("tokenize", TINY, "a", env={name: value})  # which has no such flag
    program.refuses(PROMPT, 3, "expected a model directory", env={"SLUICE_MODEL": "/nonexistent"})
    program.run(*PROMPT, "--model", MODEL, env={"SLUICE_MODEL": "/nonexistent"})
    program.refuses(PROMPT, 2, 'no target "z"', env={"SLUICE_CPU_TARGET": "z"})
    program.refuses(("bench", TINY), 2, "SLUICE_PREFILL: " + WHOLE, env={"SLUICE_PREFILL": "x"})
    program.run(*PROMPT, env={"SLUICE_PREFILL": "x"})  # another verb's
    program.run(*PROMPT, env={"SLUICE_CTX": ""})       # empty is unset


WRITERS = {"run": PROMPT, "run ids": (*PROMPT, "--output-ids"), "check": ("check", TINY), "check json": ("check", TINY, "--json"),
           "dump": ("dump", TINY), "dump json": ("dump", TINY, "--json"), "tokenize": ("tokenize", TINY, "a"),
           "tokenize batch": ("tokenize", TINY, "--batch"),
           "bench": ("bench", TINY, "--prefill", "4", "--decode", "2", "--repetitions", "1")}


def full_device(words):
    with open("/dev/full", "wb") as full:
        program.refuses(words, 8, "cannot write to standard output: No space left", stdout=full, stdin=b'"a"\n')


def closed_pipe(words):
    read, write = os.pipe()
    os.close(read)
    try:
        program.refuses(words, 8, "standard output was closed by its reader", stdout=write, stdin=b'"a"\n')
    finally:
        os.close(write)


def closed_output(words):
    program.refuses(words, 8, "cannot write to standard output", stdin=b'"a"\n', preexec_fn=lambda: os.close(1))


def unwritable_files():
    folder = program.path("out")
    folder.mkdir()
    for flag in ("--logits=", "--output=logits="):
        program.refuses([*PROMPT, f"{flag}/dev/full"], 8, "/dev/full.*No space left")
        program.refuses([*PROMPT, f"{flag}{folder}/none/x.npy"], 8, "No such file")
        program.refuses([*PROMPT, f"{flag}{folder}"], 8, "Is a directory")
    # An output takes no other file's place.
    plan = program.path("own.plan", TINY.read_bytes())
    run = ("run", plan, "--model", MODEL, "--prompt", "a", "--max-tokens", 0)
    program.refuses([*run, "--logits", plan], 2, "would go to .*, which is the plan")
    program.refuses([*run, f"--logits={folder}/y.npy", f"--output=logits={folder}/../out/y.npy"], 2, "another output's file")
    assert plan.read_bytes() == TINY.read_bytes() and os.listdir(folder) == []
    # What was there before is there afterwards.
    old = folder / "x.npy"
    old.write_bytes(b"old")
    limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))
    program.refuses([*PROMPT, f"--logits={old}"], 8, "File too large", preexec_fn=limit)
    assert old.read_bytes() == b"old" and os.listdir(folder) == ["x.npy"], os.listdir(folder)


def interrupts():
    """Ctrl-C: the shell sees it, and there is no half-written file."""
    folder = program.path("interrupted")
    folder.mkdir()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        ids = npy("many.npy", np.ones(16000, "i4"))
        for words in (("run", TINY, "--input-ids", ids, "--chunk", 1, "--max-tokens", 0, f"--logits={folder / 'x.npy'}"),
                      ("bench", TINY, "--repetitions", 100000)):
            process = program.start(*words)
            time.sleep(0.7)
            assert process.poll() is None, f"{words[0]} ended by itself"
            process.send_signal(number)
            assert process.wait(60) == -number, process.returncode
            assert os.listdir(folder) == [], os.listdir(folder)


class Hash128(ctypes.Structure):
    _fields_ = [("low", ctypes.c_uint64), ("high", ctypes.c_uint64)]


def newer(plan):
    """The same of major version 9, whole: its header has the right hash."""
    xxh = ctypes.CDLL("libxxhash.so.0")
    xxh.XXH3_128bits.restype = Hash128
    xxh.XXH3_128bits.argtypes = (ctypes.c_char_p, ctypes.c_size_t)
    header = plan[:8] + struct.pack("<H", 9) + plan[10:48] + bytes(16) + plan[64:4096]
    hash = xxh.XXH3_128bits(header, len(header))
    return header[:48] + struct.pack("<QQ", hash.low, hash.high) + header[64:] + plan[4096:]


def damaged_plans():
    """Each verb, on a plan that is cut, spoiled or of the future."""
    whole = TINY.read_bytes()
    damages = {"cut to nothing but its magic": whole[:8], "cut in its header": whole[:1000], "cut behind it": whole[:4096],
               "cut by one byte": whole[:-1], "a byte too many": whole + b"\0"}
    for at in (5, 17, 50, 70, 3000, 4200, 60000, len(whole) - 10):
        damages[f"bit flipped at {at}"] = whole[:at] + bytes([whole[at] ^ 4]) + whole[at + 1:]
    for what, data in damages.items():
        plan = program.path("damaged.plan", data)
        program.path("damaged.plan.model", str(MODEL))
        for words in (("run", plan, "--prompt", "a"), ("dump", plan), ("check", plan), ("bench", plan), ("check", plan, "--json"),
                      ("tokenize", plan, "a")):
            try:
                program.refuses(words, 3, "" if words[0] == "tokenize" else r"damaged\.plan")
            except AssertionError as fault:
                raise AssertionError(f"{what}, {words[0]}: {fault}")
    program.path("damaged.plan", newer(whole))
    for verb in VERBS[:4]:
        program.refuses((verb, plan), 4, r"version 9\.0.*newer|newer.*version 9\.0|9\.0")
    assert sorted(p.name for p in program.folder.glob("damaged*")) == ["damaged.plan", "damaged.plan.model"]


def lonely():
    """Without the compiler beside it, sluice says what to do."""
    alone = program.path("alone")
    alone.mkdir()
    os.link(program.sluice, alone / "sluice") if os.stat(program.sluice).st_dev == os.stat(alone).st_dev else \
        (alone / "sluice").write_bytes(program.sluice.read_bytes())
    (alone / "sluice").chmod(0o755)
    there, program.sluice = program.sluice, alone / "sluice"
    try:
        program.refuses(("compile", MODEL, "-o", program.path("x.plan")), 4, "sluice-compile, which cannot be run")
    finally:
        program.sluice = there


def main():
    tests = [("help", helps), ("variables", variables)]
    tests += [(name, lambda w=words, c=code, s=sentence: program.refuses(w, c, s) and None)
              for name, words, code, sentence in cases()]
    for name, words in WRITERS.items():
        tests += [(f"{name}, full device", lambda w=words: full_device(w)), (f"{name}, closed pipe", lambda w=words: closed_pipe(w)),
                  (f"{name}, closed output", lambda w=words: closed_output(w))]
    tests += [("files that cannot be written", unwritable_files), ("interrupts", interrupts),
              ("damaged plans", damaged_plans), ("no compiler", lonely)]
    return harness.main(tests)


if __name__ == "__main__":
    sys.exit(main())
