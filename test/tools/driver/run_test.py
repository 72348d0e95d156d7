#!/usr/bin/env python3
"""What `sluice run` writes: prompts from everywhere, greedy and drawn tokens,
arrays, where it stops.

usage: run_test.py BIN_FOLDER PLANS_FOLDER
"""
import re, subprocess, sys

import numpy as np

from program import Program, harness, same

program = Program(sys.argv)
TINY, SMALL = program.tiny, program.plans / "v4-runtime.plan"
PROMPT = "ROMEO. What light"
SECONDS = 60


def prompt_ids(text=PROMPT):
    return [0] + [int(i) for i in program.text("tokenize", TINY, text).split(",")]  # 0: BOS


def run(*words, plan=TINY, prompt=PROMPT, tokens=24):
    return program.text("run", plan, "--prompt", prompt, "--max-tokens", tokens, "-q", *words)


def drawn(*words, prompt=PROMPT, tokens=24, **more):
    return program.ids("run", TINY, "--prompt", prompt, "--max-tokens", tokens, "--ignore-eos", *words, **more)


def logits_of(ids, *words, plan=TINY, name="logits"):
    out = program.path("out.npy")
    out.unlink(missing_ok=True)
    np.save(program.path("in.npy"), np.asarray(ids, "i4"))
    assert program.text("run", plan, "--input-ids", f"@{program.path('in.npy')}", "--max-tokens", 0, *words,
                        *(["--logits", out] if name == "logits" else ["--output", f"{name}={out}"])) == "", "text for 0 tokens"
    return np.load(out)


def prompts():
    """The same text by every way in."""
    whole, ids = run(), ",".join(map(str, prompt_ids()))
    file = program.path("prompt.txt", PROMPT)
    common = ("run", TINY, "--max-tokens", 24, "-q")
    for words, stdin in ((("--prompt-file", file), b""), (("--prompt-file", "-"), PROMPT), ((), PROMPT),
                         (("--input-ids", ids), b""), (("--input-ids", ids.replace(",", " , ")), b"")):
        same(program.text(*common, *words, stdin=stdin), whole, words)
    for kind in ("<i4", "<i8"):
        np.save(program.path("ids.npy"), np.array(prompt_ids(), kind))
        same(program.text(*common, "--input-ids", f"@{program.path('ids.npy')}"), whole, kind)
    without = program.text(*common, "--prompt", PROMPT, "--no-bos")
    same(program.text(*common, "--input-ids", ids[2:]), without, "--no-bos")
    assert without != whole, "BOS changes nothing"
    # An empty prompt is BOS alone.
    same(program.text(*common, "--prompt", ""), program.text(*common, "--input-ids", "0"), "an empty prompt")
    same(program.text(*common), program.text(*common, "--input-ids", "0"), "an empty standard input")


def unicode_prompt():
    same(run(prompt="É 😀 日本"), program.text("run", TINY, "--input-ids", ",".join(map(str, prompt_ids("É 😀 日本"))),
                                           "--max-tokens", 24, "-q"))


def greedy():
    """Each token is the likeliest, the first of equals, and nothing is random."""
    ids = drawn()
    logits = logits_of(prompt_ids() + ids)[len(prompt_ids()) - 1:-1]
    same(ids, logits.argmax(-1).tolist())
    for words in (("--temperature", 0), ("--temperature", 0, "--seed", 7), ("--top-k", 1, "--seed", 3),
                  ("--top-p", "1e-6", "--seed", 4), ("--temperature", "1e-4"), ("--threads", 1),
                  ("--chunk", 1), ("--target", "x86-64-v3"), ("--ctx", 100)):
        same(drawn(*words), ids, words)


def seeds():
    first = drawn("--seed", 11)
    same(drawn("--seed", 11), first, "the same seed")
    same(drawn("--seed", 11, "--threads", 1, "--chunk", 2, "--target", "x86-64-v3"), first, "on one thread")
    same(drawn("--seed", 11, "--temperature", 1), first, "--seed alone means a temperature of 1")
    others = {tuple(drawn("--seed", s)) for s in (12, 13, 2**64 - 1, 2**32 + 11)}
    assert len(others) == 4 and tuple(first) not in others, "seeds make no difference"
    same(drawn("--temperature", 1), drawn("--seed", 0), "seed 0")


def counters():
    """A draw depends on its position, not on the draws before it."""
    ids = drawn("--seed", 5, "--temperature", 1.3)
    known = ",".join(map(str, prompt_ids() + ids[:10]))
    same(program.ids("run", TINY, "--input-ids", known, "--max-tokens", 14, "--ignore-eos", "--seed", 5,
                     "--temperature", 1.3), ids[10:])


def nucleus(logits, temperature, top_k, top_p):
    """Ids that may be drawn, by the definition."""
    order = np.lexsort((np.arange(len(logits)), -logits))[:top_k or None]
    weights = np.exp((logits[order].astype("f8") - logits.max()) / temperature)
    below = np.cumsum(weights) / weights.sum()
    return set(order[:np.searchsorted(below, top_p) + 1].tolist())


def restrictions():
    cases = [(1, 5, 1), (1.5, 40, 1), (1, 0, 0.5), (2, 0, 0.3), (1.5, 20, 0.8), (5, 3, 0.99)]
    for temperature, k, p in cases:
        seen = 0
        for seed in range(3):
            ids = drawn("--temperature", temperature, "--top-k", k, "--top-p", p, "--seed", seed, tokens=40)
            logits = logits_of(prompt_ids() + ids)[len(prompt_ids()) - 1:-1]
            for at, (token, row) in enumerate(zip(ids, logits)):
                allowed = nucleus(row, temperature, k, p)
                assert token in allowed, f"temperature {temperature}, top-k {k}, top-p {p}, seed {seed}: token {at}"
                seen += token != row.argmax()
        assert seen > 5, f"temperature {temperature}, top-k {k}, top-p {p} draws only the likeliest"


def heat():
    """The hotter, the less likely what is drawn."""
    def surprise(temperature):
        ids = drawn("--temperature", temperature, "--seed", 1, tokens=150)
        logits = logits_of(prompt_ids() + ids)[len(prompt_ids()) - 1:-1].astype("f8")
        logits -= logits.max(-1, keepdims=True)
        return float((np.log(np.exp(logits).sum(-1)) - logits[range(len(ids)), ids]).mean())
    cold, warm, hot, molten = map(surprise, (0.3, 1, 2, 1000))
    assert cold < warm < hot < molten, (cold, warm, hot, molten)


def decodes():
    """What is printed is the text of the tokens, as UTF-8, whatever they are."""
    for seed in range(4):
        words = ("--temperature", 50, "--seed", seed)
        ids, out = drawn(*words, tokens=200), program.run("run", TINY, "--prompt", PROMPT, "--max-tokens", 200,
                                                          "--ignore-eos", "-q", *words)[0]
        same(out.decode(), program.text("tokenize", TINY, "--decode", ",".join(map(str, ids)))[:-1], seed)


def arrays():
    ids = prompt_ids()
    logits = logits_of(ids)
    assert logits.dtype == np.float32 and logits.shape == (len(ids), 4096) and np.isfinite(logits).all(), logits.shape
    both = program.path("both.npy"), program.path("output.npy")
    program.run("run", TINY, "--prompt", PROMPT, "--max-tokens", 3, "--logits", both[0], "--output", f"logits={both[1]}")
    for path in both:
        same(np.load(path).tobytes(), logits.tobytes(), path.name)
    assert np.load(both[0], mmap_mode="r").shape == logits.shape  # the data is where numpy can map it
    same(logits_of([0]).shape, (1, 4096), "one token")


def hidden():
    compiler = program.sluice.with_name("sluice-compile")
    if not compiler.exists():
        raise harness.Skip("this build has no compiler")
    plan = program.path("hidden.plan")
    program.run("compile", harness.CHECKPOINTS["v4-runtime"], "-o", plan, "--keep=hidden", "--target=x86-64-v3")
    ids = list(range(3, 50))
    streams = {at: logits_of(ids, plan=plan, name=f"hidden.{at}") for at in (0, 1)}
    shape = streams[0].shape
    assert shape[0] == len(ids) and len(shape) == 3, shape
    assert not np.array_equal(*streams.values()), "all layers have the same streams"
    for chunk in (1, 7):
        same(logits_of(ids, "--chunk", chunk, plan=plan, name="hidden.1").tobytes(), streams[1].tobytes(), f"chunks of {chunk}")
    program.refuses(("run", plan, "--input-ids", "5", "--max-tokens", "0", "--output", "hiddn.1=x.npy"), 2,
                    r"no output \"hiddn\.1\".*did you mean hidden\.1\?")


def chunks():
    ids = (prompt_ids() * 40)[:200]
    whole = logits_of(ids)
    for chunk in (1, 13, 64, 199, 200, 5000):
        same(logits_of(ids, "--chunk", chunk).tobytes(), whole.tobytes(), f"chunks of {chunk}")
    same(logits_of(ids, "--threads", 1, "--target", "x86-64-v3").tobytes(), whole.tobytes(), "one thread, v3")


def stops():
    ids = prompt_ids()
    # A full context: the last token is drawn, but has no room any more.
    out, err = program.run("run", TINY, "--prompt", PROMPT, "--ctx", len(ids) + 3, "--output-ids", "--max-tokens", 100)
    same(len(out.split(b",")), 4, "tokens until the context is full")
    assert f"stopped because the context of {len(ids) + 3} tokens is full; --ctx gives more, up to 16384" in err, err
    same(program.run("run", TINY, "--prompt", PROMPT, "--ctx", len(ids), "--output-ids", "--max-tokens", 1, "-q"),
         (program.run("run", TINY, "--prompt", PROMPT, "--output-ids", "--max-tokens", 1, "-q")[0], ""), "a prompt that fills it")
    assert "full" not in program.run("run", TINY, "--prompt", PROMPT, "--ctx", len(ids) + 3, "--max-tokens", 4)[1]
    same(len(drawn(tokens=9)), 9, "--max-tokens 9")
    same(program.run("run", TINY, "--prompt", PROMPT, "--max-tokens", 0, "-q"), (b"", ""), "--max-tokens 0")


def end_of_text():
    """A model of 256 tokens at random soon says its EOS."""
    common = ("run", SMALL, "--input-ids", "5,6,7", "--max-tokens", 900, "--temperature", 100, "--seed", 2)
    eos = program.json("dump", SMALL, "--outputs")["model"]["eos"]
    through, until = program.ids(*common, "--ignore-eos"), program.ids(*common)
    assert eos in through[:-1], "never said"
    same(until, through[:through.index(eos) + 1], "stopped")
    same(len(through), 900, "--ignore-eos")


def reports():
    """How fast it was goes to standard error, in one line."""
    number = r"\d+\.\d"
    rate = rf"in {number} ms \({number} tokens/s\)"
    err = program.run("run", TINY, "--prompt", PROMPT, "--max-tokens", 5)[1]
    assert re.fullmatch(rf"prefill \d+ tokens {rate}; first token after {number} ms; decode 4 tokens {rate}\n", err), err
    err = program.run("run", TINY, "--prompt", PROMPT, "--max-tokens", 0)[1]
    assert re.fullmatch(rf"prefill \d+ tokens {rate}\n", err), err
    same(program.run("run", TINY, "--prompt", PROMPT, "--max-tokens", 5, "--quiet")[1], "")


def variables():
    ids = drawn("--seed", 9, "--temperature", 1.5, "--top-k", 50, "--top-p", 0.9, tokens=6)
    env = {"SLUICE_SEED": "9", "SLUICE_TEMPERATURE": "1.5", "SLUICE_TOP_K": "50", "SLUICE_TOP_P": "0.9", "SLUICE_MAX_TOKENS": "6",
           "SLUICE_CTX": "200", "SLUICE_CHUNK": "2", "SLUICE_THREADS": "1", "SLUICE_CPU_TARGET": "x86-64-v3"}
    common = ("run", TINY, "--prompt", PROMPT, "--ignore-eos")
    same(program.ids(*common, env=env), ids, "all by variables")
    same(program.ids(*common, "--max-tokens", 3, env=env), ids[:3], "a flag goes before its variable")
    assert program.ids(*common, env=dict(env, SLUICE_SEED="10")) != ids, "SLUICE_SEED changes nothing"


def streams():
    """Text comes while the model is still at work."""
    process = program.start("run", TINY, "--prompt", PROMPT, "--max-tokens", 6000, "--ignore-eos", "-q",
                            stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
    try:
        first = process.stdout.read(1)
        assert first and process.poll() is None, "the text came at the end"
    finally:
        process.kill()
        process.wait(SECONDS)
        process.stdout.close()


if __name__ == "__main__":
    tests = (prompts, unicode_prompt, greedy, seeds, counters, restrictions, heat, decodes, arrays, hidden, chunks, stops,
             end_of_text, reports, variables, streams)
    sys.exit(harness.main([(test.__name__, test) for test in tests]))
