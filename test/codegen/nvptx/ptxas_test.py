#!/usr/bin/env python3
"""What ptxas makes of every kernel, for every GPU we emit PTX for: it takes them all,
nothing is spilled, none has more than 128 registers, and none has grown by more than
a tenth beyond the table beside this script.

usage: ptxas_test.py BIN_FOLDER [--write]

--write makes the table anew; a growth wants its reason in the commit. Without ptxas
(CUDA 13.0) there is only what --cubin says of that.
"""
import json, pathlib, re, shutil, subprocess, sys, tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "e2e"))
import harness

TARGETS = ("sm_80", "sm_86", "sm_89", "sm_90", "sm_100", "sm_103", "sm_120", "sm_121")
MODELS = ("v4-runtime", "tiny-v4")
TABLE = pathlib.Path(__file__).with_name("kernels.tsv")
HEAD = "target\tkernel\tregisters\tstatic_shared\tptx_instructions"
MOST_REGISTERS, GROWTH = 128, 1.1
PTXAS = shutil.which("ptxas") or shutil.which("ptxas", path="/usr/local/cuda/bin")


def instructions(text):
    """{entry: number of PTX instructions}"""
    counts, entry = {}, None
    for line in text.split("\n"):
        if found := re.match(r"\.visible \.entry (\w+)\(", line):
            entry = found[1]
            counts[entry] = 0
        elif entry and re.match(r"\t(@!?%p\d+ )?[a-z][\w.:]*[ \t;]", line) and not line.startswith("\t."):
            counts[entry] += 1
    return counts


def assemble(text, target, folder):
    """{entry: (registers, spilled bytes, shared bytes)}"""
    source = folder / f"{target}-{abs(hash(text))}.ptx"
    source.write_text(text)
    done = subprocess.run([PTXAS, "-v", f"--gpu-name={target}", source, "-o", "/dev/null"], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, f"ptxas does not take the kernels for {target}: {done.stdout[-2000:]}"
    result = {}
    for part in done.stdout.split("Compiling entry function '")[1:]:
        spills = sum(map(int, re.findall(r"(\d+) bytes spill", part)))
        shared = re.search(r"(\d+) bytes smem", part)
        result[part.split("'")[0]] = int(re.search(r"Used (\d+) registers", part)[1]), spills, int(shared[1]) if shared else 0
    return result


def measure(tools, target):
    """{kernel without target: (registers, shared, instructions)}"""
    rows = {}
    for name in MODELS:
        plan = tools.plan(harness.CHECKPOINTS[name], "--target", ",".join(TARGETS))
        text = tools.call(tools.bin / "sluice", "dump", plan, "--target", target, "--ptx", "all")
        counts = instructions(text)
        found = assemble(text, target, tools.folder)
        assert set(found) == set(counts) and counts, sorted(set(found) ^ set(counts))
        for entry, (registers, spills, shared) in found.items():
            assert spills == 0, f"{entry}: {spills} bytes are spilled"
            assert registers <= MOST_REGISTERS, f"{entry}: {registers} registers"
            rows[entry.replace(f"_{target}_", "_")] = registers, shared, counts[entry]
    return rows


def read_table():
    rows = {}
    for line in TABLE.read_text().split("\n")[1:]:
        if line:
            target, kernel, *numbers = line.split("\t")
            rows.setdefault(target, {})[kernel] = tuple(map(int, numbers))
    return rows


def compare(tools, target, table):
    found, due = measure(tools, target), table.get(target, {})
    assert set(found) == set(due), f"other kernels than in {TABLE.name}: {sorted(set(found) ^ set(due))[:5]}; --write makes it anew"
    for kernel, numbers in found.items():
        for what, now, before in zip(HEAD.split("\t")[2:], numbers, due[kernel]):
            assert now <= max(before * GROWTH, before + 4), f"{kernel}: {what} grew from {before} to {now}"
    return f"{len(found)} kernels, at most {max(r for r, *_ in found.values())} registers"


def write(tools):
    lines = [HEAD]
    for target in TARGETS:
        lines += ["\t".join((target, kernel, *map(str, numbers))) for kernel, numbers in sorted(measure(tools, target).items())]
    TABLE.write_text("\n".join(lines) + "\n")
    return f"{len(lines) - 1} lines"


def cubins(tools):
    """--cubin puts one for each GPU into the plan, beside the PTX."""
    model = harness.CHECKPOINTS["v4-runtime"]
    said = tools.call(tools.bin / "sluice-compile", model, "-o", tools.folder / "none.plan", "--cubin", code=2)
    assert "--cubin: expected a GPU among the targets" in said, said
    plan = tools.plan(model, "--target", "cpu,sm_80,sm_120", "--cubin")
    content = plan.read_bytes()
    machines = [content[at.start() + 18] for at in re.finditer(b"\x7fELF\x02", content)]
    assert machines == [190, 190], f"expected two cubins (EM_CUDA is 190), found ELF files for {machines}"
    for target, bytes_due in (("cpu", False), ("sm_80", True), ("sm_120", True)):
        table = json.loads(tools.call(tools.bin / "sluice", "dump", plan, "--json"))["targets"]
        rows = [row for row in table if row["kind" if target == "cpu" else "target"] == target]
        assert rows and all((row["cubin_bytes"] > 0) == bytes_due for row in rows), table
    ids = [5, 9, 2]
    assert tools.greedy(plan, ids, 2, "--target", "sm_80", "--device", "sim") == tools.greedy(plan, ids, 2, "--device", "cpu")


def refused(tools, environment, wrapper=()):
    """What --cubin says instead of writing a plan."""
    plan = tools.folder / "refused.plan"
    said = tools.call(*wrapper, tools.bin / "sluice-compile", harness.CHECKPOINTS["v4-runtime"], "-o", plan, "--target=sm_80", "--cubin",
                      code=4, environment=environment)
    assert not plan.exists(), "a plan was written all the same"
    return said


def missing(tools):
    """Hides the toolkit from the compiler and itself."""
    hide = ("unshare", "-rm", "sh", "-c", "mount -t tmpfs none $(realpath /usr/local/cuda) || exit 77; \"$@\"", "sh")
    wrapper = hide if pathlib.Path("/usr/local/cuda/bin/ptxas").exists() else ()
    if wrapper and subprocess.run([*wrapper, "true"], stderr=subprocess.DEVNULL).returncode:
        raise harness.Skip("nothing can be mounted here")
    said = refused(tools, {"PATH": "/usr/bin:/bin"}, wrapper)
    assert "expected ptxas in PATH or /usr/local/cuda/bin, found none" in said, said


def broken(tools):
    """A ptxas that takes nothing: its own words are in the error."""
    folder = tools.folder / "broken"
    folder.mkdir()
    script = folder / "ptxas"
    script.write_text("#!/bin/sh\necho no licence for ${1#-arch=} >&2\nexit 3\n")
    script.chmod(0o755)
    said = refused(tools, {"PATH": f"{folder}:/usr/bin:/bin"})
    assert f"{script} for sm_80 ended with 3: no licence for sm_80" in said, said


def with_ptxas(test):
    if not PTXAS:
        raise harness.Skip("there is no ptxas here")
    return test()


def main():
    tools = harness.Tools(sys.argv[1])
    if "--write" in sys.argv:
        return harness.main([("table", lambda: write(tools))])
    table = read_table()
    tests = {target: lambda t=target: compare(tools, t, table) for target in TARGETS} | {"cubins": lambda: cubins(tools)}
    return harness.main([*((name, lambda t=test: with_ptxas(t)) for name, test in tests.items()),
                         ("no ptxas", lambda: missing(tools)), ("a broken ptxas", lambda: broken(tools))])


if __name__ == "__main__":
    sys.exit(main())
