#!/usr/bin/env python3
"""What `list`, `explain` and the findings and counters of `run` say, as text and
as JSON, held against the PTX text and against each other.

usage: report_test.py BIN_FOLDER
"""
import json, re, sys

import numpy as np

from program import CORPUS, KERNELS, Program, harness, same

program = Program(sys.argv)
X = program.npy("x.npy", np.arange(192, dtype="i4"))
OUT = program.path("out.npy")
REVERSE = (KERNELS / "reverse.ptx").read_text()
RACY = program.path("racy.ptx", REVERSE.replace("  bar.sync 0;\n", "\n"))  # lines stay where they are
LINE = {word: REVERSE.split("\n").index(next(l for l in REVERSE.split("\n") if word in l)) + 1
        for word in ("st.shared", "ld.shared", "st.global", "ld.global")}


def reverse(file, *flags, **more):
    return program.launch(file, 3, 64, [f"in:{X}", f"out:{OUT}:i32:192"], *flags, **more)


def race():
    OUT.write_bytes(b"old")
    out, err = reverse(RACY, code=1)
    same(out, "")
    blocks = re.split(r"\n(?=\S)", err)
    assert any(b.startswith(f"{RACY}:{LINE['ld.shared']}: race: ") for b in blocks), err
    found = next(b for b in blocks if b.startswith(f"{RACY}:{LINE['ld.shared']}: race"))
    assert re.search(r"ld\.shared\.u32 %r7, \[%r7\]\n +from reverse\.cu:7\n +in reverse, block \(0,0,0\), warp \d, lanes 0x[0-9a-f]{8}", found), found
    assert re.search(rf"against .*{re.escape(str(RACY))}:{LINE['st.shared']}\b", found), found
    assert "output is written" in blocks[-1] and blocks[-1].startswith("sluice-ptxsim run: "), err
    same(OUT.read_bytes(), b"old", "an output of a run with findings")
    same(sorted(p.name for p in program.folder.iterdir()), ["out.npy", "racy.ptx", "x.npy"])

    reverse(RACY, "--save-anyway", code=1)
    same(np.load(OUT).shape, (192,))
    for flags in (("--check=none",), ("--check=in-flight",)):
        OUT.unlink()
        reverse(RACY, *flags)
        assert OUT.exists()
    assert ": race: " in reverse(RACY, "--check=races", code=1)[1]
    assert ": race: " not in reverse(RACY, "--check=uninitialised", code=1)[1]
    reverse(KERNELS / "reverse.ptx")
    assert np.array_equal(np.load(OUT).reshape(3, 64), np.arange(192).reshape(3, 64)[:, ::-1])


def findings_agree():
    """JSON has what the text has."""
    _, err = reverse(RACY, code=1)
    said, _ = reverse(RACY, "--json", code=1)
    report = json.loads(said)
    assert len(report["findings"]) >= 1
    same({f["kind"] for f in report["findings"]}, {"race", "uninitialised"})
    for finding in report["findings"]:
        same(finding["kernel"], "reverse")
        assert f"{finding['place']}: {finding['kind']}: {finding['detail']}\n    {finding['instruction']}\n" in err, finding
        assert f"    from {finding['source']}\n" in err
        x, y, z = finding["block"]
        assert f"block ({x},{y},{z}), warp {finding['warp']}, lanes 0x{finding['lanes']:08x}" in err
        assert not finding["other"] or f"    against {finding['other']}\n" in err
    same(len(re.findall(r"^\S+:\d+: [\w-]+: ", err, flags=re.M)), len(report["findings"]))
    same(report["outputs"], [{"parameter": "to", "file": str(OUT), "dtype": "<i4", "shape": [192], "unwritten_bytes": 0, "saved": False}])
    report = program.json("run", KERNELS / "reverse.ptx", "--grid", 3, "--block", 64, "--arg", f"in:{X}", "--arg", f"out:{OUT}:i32:192")
    same((report["findings"], report["outputs"][0]["saved"], report["grid"], report["block"]), ([], True, [3, 1, 1], [64, 1, 1]))


def number_rows(text):
    """Of a table of --report: the numbers in front of each line, by what follows."""
    return {m[2].strip(): [int(n) for n in m[1].split()] for m in re.finditer(r"^((?: +\d+)+)(.*)$", text, flags=re.M)}


def counters_agree():
    words = ("run", KERNELS / "reverse.ptx", "--grid", 3, "--block", 64, "--arg", f"in:{X}", "--arg", f"out:{OUT}:i32:192")
    text, _ = program.run(*words, "--report")
    report = program.json(*words)
    counters = report["counters"]
    same(sum(counters["classes"].values()), report["warp_instructions"])
    same(sum(line["executions"] for line in counters["lines"]), report["warp_instructions"])
    warps = 6
    same(report["warp_instructions"], warps * REVERSE.count(";\n", REVERSE.index(".loc 1 4")))
    lines = {int(line["place"].rsplit(":", 1)[1]): line for line in counters["lines"]}
    for number, line in lines.items():
        same(line["instruction"], REVERSE.split("\n")[number - 1].strip().rstrip(";"))
        same((line["executions"], line["lanes"]), (warps, warps * 32))
        assert re.search(rf"^ +{warps} +{warps * 32}[ \d]* {number}: {re.escape(line['instruction'])}  // {line['source']}$", text, flags=re.M), line
    for word, wanted in (("ld.global", (6, 24, 768, 0, 0)), ("st.global", (6, 24, 768, 0, 0)), ("st.shared", (6, 0, 768, 6, 0)),
                         ("ld.shared", (6, 0, 768, 6, 0))):
        line = lines[LINE[word]]
        same(tuple(line[k] for k in ("requests", "sectors", "bytes", "wavefronts", "conflicts")), wanted, word)
        row = re.search(rf"^([ \d]+) {LINE[word]}: ", text, flags=re.M)[1].split()
        same(tuple(int(n) for n in row[2:]), wanted, word)
    for entry in counters["memory"]:
        row = re.search(rf"^{entry['access']:5} {entry['space']:8}([ \d]+)$", text, flags=re.M)[1].split()
        same([int(n) for n in row], [entry[k] for k in ("requests", "sectors", "bytes", "wavefronts", "conflicts")])
    same(re.findall(r"^all +(\d+)", text, flags=re.M), [str(report["warp_instructions"])])
    # Without checks and on several threads it is the same.
    same(program.json(*words, "--check=none", "--threads=3")["counters"], counters)
    same(number_rows(text), number_rows(program.run(*words, "--report", "--check=none", "--threads=2")[0]))


def matrix_counters():
    a = program.npy("a.npy", np.zeros((64, 64), "u2"))
    c = program.path("c.npy")
    arguments = [f"in:{a}", f"in:{a}", f"out:{c}:f32:64x64", "i32:64", "i32:64", "i32:64"]
    out, _ = program.launch(CORPUS / "gemm_bf16_mma.sm_80.ptx", 1, 128, arguments, "--json")
    same(json.loads(out)["counters"]["matrix"], {"bf16": 2 * 64**3})
    out, _ = program.launch(CORPUS / "gemm_bf16_mma.sm_80.ptx", 1, 128, arguments, "--report")
    assert re.search(rf"^matrix bf16 +{2 * 64**3} operations$", out, flags=re.M), out


def awkward_names():
    """JSON stays JSON whatever a file is called."""
    for name in ('qu"ote', "back\\slash", "new\nline", "tab\there", "ümläut", b"not-utf8-\xff"):
        path = str(program.folder).encode() + b"/" + (name.encode() if isinstance(name, str) else name) + b".ptx"
        with open(path, "wb") as file:
            file.write(RACY.read_bytes())
        out, _ = program.run("run", path, "--grid", 3, "--block", 64, "--arg", f"in:{X}", "--arg", f"out:{OUT}:i32:192", "--json", code=1)
        report = json.loads(out)
        wanted = path.decode(errors="replace")
        same(report["file"], wanted)
        same(report["findings"][0]["place"], f"{wanted}:{LINE['st.shared']}")
        same(json.loads(program.run("list", path, "--json")[0])["file"], wanted)


def listing():
    for path in (KERNELS / "saxpy.ptx", KERNELS / "reverse.ptx", *sorted(CORPUS.glob("*.ptx"))):
        text = path.read_text()
        report, shown = program.json("list", path), program.run("list", path)[0]
        same((report["target"], report["version"]), (re.search(r"^\.target (\w+)", text, flags=re.M)[1],
                                                     re.search(r"^\.version ([\d.]+)", text, flags=re.M)[1]))
        assert shown.startswith(f"{path}: PTX {report['version']}, target {report['target']}\n"), shown
        entries = re.findall(r"^\.visible \.entry (\w+)\((.*?)\)(.*?)^\{", text, flags=re.M | re.S)
        same([k["name"] for k in report["kernels"]], [name for name, _, _ in entries])
        same(re.findall(r"^kernel (\w+)$", shown, flags=re.M), [name for name, _, _ in entries])
        for kernel, (name, parameters, directives) in zip(report["kernels"], entries):
            declared = [(p.split()[-1], next(w for w in p.split() if re.fullmatch(r"\.[ubsf]\d+", w)))
                        for p in parameters.split(",") if p.strip()]
            same([(p["name"], p["type"]) for p in kernel["parameters"]], declared)
            for p in kernel["parameters"]:
                same(p["bytes"], int(p["type"][2:]) // 8)
                same(p["offset"] % p["align"], 0)
                assert re.search(rf"^  {p['name']} +{re.escape(p['type'])} +{p['bytes']} +{p['align']} +{p['offset']}$", shown, flags=re.M)
            most = re.search(r"\.maxntid\s+([\d, ]+)", directives)
            wanted = [int(n) for n in most[1].split(",")] if most else None
            same(kernel["maxntid"], wanted and (wanted + [1, 1])[:3])
    kernel, = program.json("list", KERNELS / "reverse.ptx")["kernels"]
    same((kernel["reqntid"], kernel["static_shared_bytes"]), ([64, 1, 1], 256))
    newer = program.path("newer.ptx", (KERNELS / "saxpy.ptx").read_text().replace(".version 7.0", ".version 99.0"))
    same(len(program.json("list", newer)["notes"]), 1)
    assert "note: " in program.run("list", newer)[0]
    calling = program.path("calling.ptx", (KERNELS / "saxpy.ptx").read_text() +
                           ".extern .func other;\n.visible .entry calls()\n{\n  call other;\n  ret;\n}\n")
    saxpy, calls = program.json("list", calling)["kernels"]
    same((saxpy["name"], "refused" in saxpy, calls["name"]), ("saxpy", False, "calls"))
    assert "other has no body" in calls["refused"]
    assert re.search(r"^kernel calls\n  cannot be run: .*other has no body", program.run("list", calling)[0], flags=re.M)
    program.refuses(("run", calling, "--kernel", "calls", "--grid", 1, "--block", 1), 3, "other has no body")
    nothing = program.path("nothing.ptx", ".version 7.0\n.target sm_80\n.address_size 64\n")
    same(program.json("list", nothing)["kernels"], [])
    assert "no kernels" in program.run("list", nothing)[0]


def printing():
    path = KERNELS / "hello.ptx"
    lines = "".join(f"thread {i}\n" for i in (0, 1, 2)) * 2
    arguments = [f"out:{OUT}:u32:3"]
    same(program.launch(path, 2, 3, arguments, "--check=none")[0], lines)
    same(np.load(OUT).tolist(), [2, 2, 2])
    report = json.loads(program.launch(path, 2, 3, arguments, "--check=none", "--json")[0])
    same((report["printed"], report["printed_is_cut"]), (lines, False))
    same(program.launch(path, 1, 3, arguments, "--report")[0].startswith("thread 0\nthread 1\nthread 2\n"), True)


def explaining():
    every = program.json("explain")
    opcodes = {row["form"].split(".")[0].split("{")[0].split("(")[0].strip() for row in every["forms"]}
    source = (harness.ROOT.parent / "runtime/device/sim/ptx/Opcodes.def").read_text()
    rows = re.findall(r'^OP\("(\w+)", "([^"]*)", "[^"]*", \w+, (\w+), (\d+), (\d+), (\w+), "([\d.]*)"\)', source, flags=re.M)
    same(opcodes, {row[0] for row in rows})
    same(len(every["forms"]), len(rows))
    same(set(every["sureness"]), {"exact", "bounded", "documented", "loose"})
    for opcode in sorted(opcodes):
        mine = [r for r in rows if r[0] == opcode]
        report = program.json("explain", opcode)["forms"]
        same([(r["ptx"], r["sm"], r["sureness"], r["section"], r["class"]) for r in report],
             [(f"{int(v) // 10}.{int(v) % 10}", int(sm), sure.lower(), section, kind.lower()) for _, _, kind, v, sm, sure, section in mine])
    text = program.run("explain", "mma")[0]
    for row in program.json("explain", "mma")["forms"]:
        assert row["form"] in text
    some = program.json("explain", "cvt.rn.satfinite.e4m3x2")["forms"]
    assert 1 <= len(some) < len(program.json("explain", "cvt")["forms"])
    same(program.json("explain", "atom.add.acquire.cta.u32"), program.json("explain", "atom.acquire.cta.add.u32"))
    program.refuses(("explain", "ldmatrics"), 2, 'no opcode "ldmatrics" is modelled; did you mean ldmatrix')
    program.refuses(("explain", "mma.foo"), 2, r"mma is not modelled with \.foo; expected \.sync")
    program.refuses(("explain", "wgmma"), 2, r'"wgmma" is not modelled: this simulator leaves out products of warp groups \(wgmma\)')
    program.refuses(("explain", "x" * 10000), 2, "no opcode")


sys.exit(harness.main([(test.__name__.replace("_", " "), test) for test in (
    race, findings_agree, counters_agree, matrix_counters, awkward_names, listing, printing, explaining)]))
