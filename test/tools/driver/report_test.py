#!/usr/bin/env python3
"""What `sluice dump`, `check` and `bench` report, as text and as JSON, held
against the checkpoint's own header and against each other.

usage: report_test.py BIN_FOLDER PLANS_FOLDER
"""
import json, os, re, resource, shutil, sys

from program import MODEL, Program, harness, headers, same

program = Program(sys.argv)
TINY = program.tiny
PARTS = ("provenance", "sections", "targets", "kernels", "launches", "cost", "buffers", "parameters", "state", "inputs", "outputs", "memory")
WIDTH = {"F32": 4, "BF16": 2, "F8E4M3": 1, "F8E8M0": 1, "F4E2M1x2": 1, "I32": 4, "I64": 8}


def dump(*words, plan=TINY):
    return program.json("dump", plan, *words)


def expanded(stack):
    for layer in stack["layers"] or [None]:
        for entry in range(stack["table"]) if "{e}" in stack["name"] else [None]:
            yield stack["name"].replace("{}", str(layer)).replace("{e}", str(entry))


def parameters():
    known, named, total = headers(), set(), 0
    for stack in dump()["parameters"]:
        names, size = list(expanded(stack)), WIDTH[stack["dtype"]]
        for dim in stack["shape"]:
            size *= dim
        same(stack["tensors"], len(names), stack["name"])
        same(stack["bytes"], size * len(names), stack["name"])
        for name in names:
            same((stack["dtype"], stack["shape"]), known[name], name)
            total += size * (name not in named)
            named.add(name)
    left = {name for name in known if not name.startswith("mtp.")} - named
    assert not left, f"weights that no stack has: {sorted(left)[:5]}"
    same((dump()["model"]["weights"], dump()["model"]["weight_bytes"]), (len(named), total))


def program_tables():
    """Every number that points somewhere points at something that is there."""
    all = dump()
    kernels, variants, launches, buffers = (all[k] for k in ("kernels", "variants", "launches", "buffers"))
    same(sum(k["launches"] for k in kernels), len(launches))
    stacks, states, inputs = all["parameters"], all["state"], {i["name"] for i in all["inputs"]}
    lives = {}
    for at, launch in enumerate(launches):
        same((launch["launch"], launch["name"]), (at, kernels[launch["kernel"]]["name"]))
        words = 0
        for arg in launch["arguments"]:
            words += 2 if arg["kind"] == "log" else 1
            if arg["kind"] == "buffer":
                first, _ = lives.setdefault(arg["buffer"], (at, at))
                lives[arg["buffer"]] = first, at
            elif arg["kind"] == "input":
                assert arg["input"] in inputs, arg
            elif arg["kind"] == "parameter":
                stack = stacks[arg["stack"]]
                assert re.fullmatch(re.escape(stack["name"]).replace(r"\{\}", r"(\d+)"), arg["name"]), arg
            elif arg["kind"] == "log":
                assert re.fullmatch(re.escape(states[arg["state"]]["name"]).replace(r"\{\}", r"\d+"), arg["name"]), arg
            else:
                same(arg["kind"], "value")
        same(words, kernels[launch["kernel"]]["words"], f"words of launch {at}")
        assert launch["blocks"], f"launch {at} has no blocks"
    kept = {o["buffer"] for o in all["outputs"]}
    for buffer in buffers:
        first, last = lives[buffer["buffer"]]
        assert (buffer["first"], buffer["last"]) == (first, last) or (buffer["buffer"] in kept and buffer["last"] >= last), buffer
    for target in all["targets"]:
        same({v["kernel"] for v in variants if v["target"] == target["target"]}, set(range(len(kernels))), target["target"])
        assert all_below(variants, target), "code behind the end of its image"
    same([(v["kernel"], v["variant"], v["stage"]) for v in variants], sorted((v["kernel"], v["variant"], v["stage"]) for v in variants))


def all_below(variants, target):
    return all(v["code_offset"] < target["code_bytes"] for v in variants if v["target"] == target["target"])


def places():
    """No two buffers that are needed at one time share a byte of the arena."""
    for words in ((), ("--rows", 7, "--ctx", 33), ("--target", "x86-64-v3")):
        all = dump(*words)
        arena = {row["target"]: row["arena"] for row in all["memory"]}[all["context"]["target"]]
        for a in all["buffers"]:
            assert a["offset"] % 256 == 0 and a["offset"] + a["bytes"] <= arena, a
            for b in all["buffers"][:a["buffer"]]:
                apart = a["offset"] + a["bytes"] <= b["offset"] or b["offset"] + b["bytes"] <= a["offset"]
                assert apart or a["last"] < b["first"] or b["last"] < a["first"] or not a["bytes"] * b["bytes"], (a, b)


def sizes():
    small, large = dump("--ctx", 256, "--rows", 16, "--slots", 1), dump("--ctx", 4096, "--rows", 512, "--slots", 3, "--threads", 2)
    same(large["context"], {"ctx": 4096, "slots": 3, "rows": 512, "logit_rows": 512, "page_tokens": 128, "threads": 2,
                            "target": "x86-64-v4"})
    for all in (small, large):
        for row in all["memory"]:
            same(row["context"], sum(row[k] for k in ("arena", "states", "inputs", "tables", "scratch", "code")), row["target"])
            same(row["weights"], all["model"]["weight_bytes"])
        pools = sum(s["pool_bytes"] for s in all["state"])
        assert pools <= all["memory"][0]["states"] < pools * 1.01 + 256 * 64, (pools, all["memory"][0]["states"])
    for state, more in zip(small["state"], large["state"]):
        tokens, slots = large["context"]["ctx"], large["context"]["slots"]
        same(more["pool_bytes"], more["bytes_per_sequence"] * slots, state["name"])
        logs = len(state["layers"]) or 1
        if state["kind"] == "ring":
            same((state["bytes_per_sequence"], more["bytes_per_sequence"]), (state["keep"] * state["row_bytes"] * logs,) * 2)
        else:
            same(more["bytes_per_token"], state["row_bytes"] * logs / state["every"], state["name"])
            same(more["bytes_per_sequence"], more["bytes_per_token"] * tokens, state["name"])
    logits = [b for b in large["buffers"] if b["size"].startswith("L * 16384")]
    same([b["bytes"] for b in logits], [512 * 16384], "logits of 512 rows")
    env = {"SLUICE_CTX": "256", "SLUICE_ROWS": "16", "SLUICE_SLOTS": "1", "SLUICE_THREADS": "2"}
    same(dump_with(env)["memory"], dump("--ctx", 256, "--rows", 16, "--threads", 2)["memory"], "by variables")


def dump_with(env):
    return json.loads(program.text("dump", TINY, "--json", env=env))


def selection():
    """A part is the same alone as among all; without flags, all are there."""
    all, text = dump(), program.text("dump", TINY)
    extra = {"kernels": {"variants"}, "cost": {"step_cost", "cost_examples"}}
    base = {"plan", "model", "context"}
    assert set(all) == base | set(PARTS).union(*extra.values()), sorted(all)
    for part in PARTS:
        one = dump(f"--{part}")
        same(set(one), base | {part} | extra.get(part, set()), part)
        same(one[part], all[part], part)
        for line in program.text("dump", TINY, f"--{part}").splitlines()[-3:]:
            assert line in text, (part, line)
    same(set(dump("--memory", "--outputs")), base | {"memory", "outputs"})
    headings = {heading.replace(" ", "_") for heading in re.findall(r"^(\w+(?: \w+)?)$", text, re.M)}
    same(headings, set(all), "headings")


def aligned():
    """Columns of numbers end where their heading ends; columns of text begin where it begins."""
    text = program.text("dump", TINY, "--sections", "--buffers")
    table = text[text.index("\nsections\n"):].splitlines()[2:]
    rows = table[:table.index("")]
    end, begin = rows[0].index("bytes") + len("bytes"), rows[0].index("kind")
    for row in rows[1:]:
        assert len(row) == end and row[begin - 1] == " " and row[begin] != " ", rows


def facts():
    all = dump()
    config = json.loads((MODEL / "config.json").read_text())
    same(all["plan"]["bytes"], TINY.stat().st_size)
    same(all["model"]["vocabulary"], config["vocab_size"])
    same((all["model"]["bos"], all["model"]["eos"]), (config["bos_token_id"], config["eos_token_id"]))
    for key, value in all["model"]["config"].items():
        wanted = config
        for word in key.split("."):
            wanted = wanted[word]
        same(value, wanted, key)
    assert all["provenance"]["compiler"].startswith("sluice-compile "), all["provenance"]
    data = TINY.read_bytes()
    for section in all["sections"]:
        assert section["offset"] % 4096 == 0 and section["offset"] + section["bytes"] <= len(data), section
    same(all["sections"][-1]["offset"] + all["sections"][-1]["bytes"], len(data))
    same([t["target"] for t in all["targets"]], ["x86-64-v3", "x86-64-v4"])
    assert "avx512f" in all["targets"][1]["features"] and "avx512f" not in all["targets"][0]["features"]


def every_model():
    for name in harness.CHECKPOINTS:
        plan = program.plans / f"{name}.plan"
        all, report = dump(plan=plan), program.json("check", plan)
        assert report["verdict"]["runs"] and report["model"]["matches"], report
        same(all["memory"], report["memory"], name)
        same(program.text("dump", plan, "--json"), program.text("dump", plan, "--json"), "twice")


def check_yes():
    report = program.json("check", TINY)
    same(set(report), {"plan", "host", "targets", "model", "context", "memory", "fit", "verdict"})
    same(report["verdict"]["cause"], "")
    same(report["verdict"]["target"], [t["target"] for t in report["targets"] if t["runs_here"]][-1])
    assert 0 < report["fit"]["needed"] < report["fit"]["with_weights"] < report["host"]["memory_available"], report
    assert 0 < report["host"]["memory_available"] <= report["host"]["memory_total"], report["host"]
    same(report["host"]["threads"], len(os.sched_getaffinity(0)))
    text, err = program.run("check", TINY)
    assert re.search(rb"verdict\n  runs    yes\n", text) and err == "", (text[-200:], err)
    report = program.json("check", TINY, "--model", MODEL, "--target", "x86-64-v3")
    same((report["verdict"]["runs"], report["verdict"]["target"]), (True, "x86-64-v3"))


def check_says_no(words, cause, sentence, **more):
    out, err = program.run("check", *words, "--json", code=4, **more)
    report = json.loads(out)
    same((report["verdict"]["runs"], report["verdict"]["cause"]), (False, cause))
    assert re.search(sentence, report["verdict"]["reason"]), report["verdict"]
    ours = [line for line in err.splitlines() if not line.startswith("qemu-x86_64: warning")]
    same(ours, [f"sluice check: {report['verdict']['reason']}"])
    assert b"runs    no" in program.run("check", *words, code=4, **more)[0]
    return report


def check_model():
    report = check_says_no((TINY, "--model", harness.CHECKPOINTS["v4-base"]), "model", "made for another model")
    same((report["model"]["checked"], report["model"]["matches"]), (True, False))
    lost = program.path("lost.plan", TINY.read_bytes())
    report = program.json("check", lost)
    same((report["model"]["checked"], report["model"]["matches"], report["verdict"]["runs"]), (False, None, True))
    assert "--model" in report["model"]["reason"], report["model"]
    # A model with one weight that has another shape, by header alone.
    copy = program.path("copy")
    copy.mkdir()
    for file in MODEL.iterdir():
        if file.name != "model.safetensors":
            os.symlink(file, copy / file.name)
    data = (MODEL / "model.safetensors").read_bytes()
    spoiled = data.replace(b'"norm.weight":{"dtype":"BF16","shape":[256]', b'"norm.weight":{"dtype":"F16", "shape":[256]', 1)
    if spoiled == data:
        spoiled = re.sub(rb'("norm\.weight": ?\{"dtype": ?")BF16(", ?)', rb'\1F16\2 ', data, count=1)
    assert spoiled != data and len(spoiled) == len(data)
    (copy / "model.safetensors").write_bytes(spoiled)
    check_says_no((lost, "--model", copy), "model", r'expected "norm\.weight" BF16 \[256\], found .*F16')
    (copy / "model.safetensors").write_bytes(data[:len(data) // 2])
    program.run("check", lost, "--model", copy, code=3)
    program.refuses(("check", lost, "--model", "/nonexistent"), 3, "expected a model directory")


def check_memory():
    report = check_says_no((TINY, "--ctx", 16384, "--slots", 65536, "--rows", 1), "memory", "65536 slots needs .*iB, .* leaves .*iB; ask for")
    assert not report["fit"]["context_fits"] and report["fit"]["needed"] > report["host"]["memory_available"], report["fit"]
    same(program.json("dump", TINY, "--ctx", 16384, "--slots", 65536, "--rows", 1)["memory"], report["memory"])
    program.refuses(("check", TINY, "--ctx", 16385), 2, "expected 1 to 16384 tokens of context")
    if not program.sanitized:  # whose shadow needs terabytes of address space
        limit = lambda: resource.setrlimit(resource.RLIMIT_AS, (256 << 20, 256 << 20))
        report = check_says_no((TINY, "--ctx", 16384, "--slots", 64), "memory", "a resource limit leaves", preexec_fn=limit)
        same(report["host"]["memory_limited_by"], "a resource limit")


def older_cpu():
    """A host that lacks AVX-512 takes the other target, and says why."""
    if not shutil.which("qemu-x86_64") or program.sanitized:
        raise harness.Skip("needs qemu-x86_64 (Debian: qemu-user), and a program without sanitizers")
    wrapper = program.path("older", f"#!/bin/sh\nexec qemu-x86_64 -cpu Haswell {program.sluice} \"$@\"\n")
    wrapper.chmod(0o755)
    there, program.sluice = program.sluice, wrapper
    try:
        report = program.json("check", TINY)
        same([(t["target"], t["runs_here"], t["cause"]) for t in report["targets"]], [("x86-64-v3", True, ""), ("x86-64-v4", False, "isa")])
        assert "avx512" in report["targets"][1]["reason"], report["targets"][1]
        same(report["verdict"]["target"], "x86-64-v3")
        check_says_no((TINY, "--target", "x86-64-v4"), "isa", "needs avx512.*does not have")
    finally:
        program.sluice = there


def bench():
    words = ("--prefill", 12, "--decode", 5, "--repetitions", 3, "--warmup", 1, "--threads", 1, "--target", "x86-64-v3")
    report = program.json("bench", TINY, *words)
    setup = report["setup"]
    same({k: setup[k] for k in ("target", "threads", "ctx", "chunk", "repetitions", "warmup")},
         {"target": "x86-64-v3", "threads": 1, "ctx": 17, "chunk": 12, "repetitions": 3, "warmup": 1})
    assert setup["open_ms"] > 0 and setup["processor"] and setup["model"] == str(MODEL), setup
    same([(r["what"], r["tokens"], r["unit"]) for r in report["results"]],
         [("prefill", 12, "tokens/s"), ("first_token", 12, "ms"), ("decode", 5, "tokens/s")])
    for row in report["results"]:
        middle = sorted(row["samples"])
        same([row["min"], row["median"], row["max"]], middle, row["what"])
        assert middle[0] > 0, row
    rates, waits = report["results"][0]["samples"], report["results"][1]["samples"]
    for rate, wait in zip(rates, waits):  # the first token comes right after the prefill
        assert 12 / rate * 1e3 <= wait < 12 / rate * 1e3 + 1000, (rate, wait)
    even = program.json("bench", TINY, "--prefill", 2, "--decode", 0, "--repetitions", 2, "--warmup", 0)
    same([r["what"] for r in even["results"]], ["prefill", "first_token"])
    row = even["results"][0]
    assert abs(row["median"] - sum(row["samples"]) / 2) < 1e-6 * row["median"], row
    same([r["what"] for r in program.json("bench", TINY, "--prefill", 0, "--decode", 3, "--repetitions", 1)["results"]], ["decode"])
    env = {"SLUICE_PREFILL": "3", "SLUICE_DECODE": "2", "SLUICE_REPETITIONS": "4", "SLUICE_WARMUP": "0", "SLUICE_CHUNK": "2"}
    report = program.json("bench", TINY, env=env)
    same((report["setup"]["ctx"], report["setup"]["chunk"], len(report["results"][2]["samples"])), (5, 2, 4))
    text, err = program.run("bench", TINY, *words)
    assert re.search(rb"results\n  what +tokens  unit +min +median +max  samples\n  prefill ", text) and err == "", (text, err)


if __name__ == "__main__":
    tests = (parameters, program_tables, places, sizes, selection, aligned, facts, every_model, check_yes, check_model, check_memory,
             older_cpu, bench)
    sys.exit(harness.main([(test.__name__, test) for test in tests]))
