#!/usr/bin/env python3
"""The commands of docs/ptxsim.md print what the page says, and its tables name the
findings and flags that there are.

usage: docs_test.py BIN_FOLDER
"""
import re, sys

from program import Program, harness
import page

program = Program(sys.argv)
ROOT = harness.ROOT.parent
TEXT = (ROOT / "docs/ptxsim.md").read_text()


def commands():
    return page.check("docs/ptxsim.md", program.tool.parent, lambda output: 1 if "findings," in output else 0)


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
