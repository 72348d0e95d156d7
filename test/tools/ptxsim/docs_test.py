#!/usr/bin/env python3
"""The commands of docs/ptxsim.md print what the page says, and its tables name the
findings and flags that there are.

usage: docs_test.py BIN_FOLDER
"""
import re, subprocess, sys

from program import Program, harness, same

program = Program(sys.argv)
ROOT = harness.ROOT.parent
TEXT = (ROOT / "docs/ptxsim.md").read_text()


def examples():
    """(command, what it prints) of each "$ " line in an indented block."""
    found = []
    for block in re.findall(r"^    \$ (?:.*\n(?:\n(?=    ))?)(?:    .*\n(?:\n(?=    ))?)*", TEXT, flags=re.M):
        for line in block.rstrip("\n").split("\n"):
            line = line.removeprefix("    ")
            if line.startswith("$ "):
                found.append((line[2:], []))
            else:
                found[-1][1].append(line)
    return [(command, "\n".join(lines)) for command, lines in found]


def commands():
    found = examples()
    assert len(found) >= 7, found
    places = {"build/bin/sluice-ptxsim": str(program.tool), "build/": f"{program.folder}/"}
    here = lambda text: re.sub("build/bin/sluice-ptxsim|build/", lambda place: places[place[0]], text)
    for command, output in found:
        done = subprocess.run(["sh", "-c", here(command)], cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=120)
        same(done.stdout.rstrip("\n"), here(output), command)
        same(done.returncode, 1 if "findings," in output else 0, command)


def names():
    source = (ROOT / "runtime/device/sim/check/Finding.cpp").read_text()
    kinds = re.findall(r'return "([a-z-]+)";', source)
    assert len(kinds) >= 15
    for kind in kinds:
        assert f"`{kind}`" in TEXT or kind in ("race", "in-flight-access", "uninitialised"), f"{kind} is not in the page"
    flags = re.findall(r"--[a-z-]+", program.run("run", "--help")[0].split("Arguments, one")[0])
    for flag in set(flags) - {"--help", "--arg"}:
        assert flag in TEXT or flag == "--quiet", f"{flag} is not in the page"


sys.exit(harness.main([("commands", commands), ("names", names)]))
