#!/usr/bin/env python3
"""The commands of README.md print what README.md says, and its links exist.

usage: readme_test.py BIN        folder of the built tools
"""
import pathlib, re, shlex, subprocess, sys, tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def examples(text):
    """(command, output) of each "$ " line in an indented block."""
    found = []
    for block in re.findall(r"^    \$ (?:.*\n    )*.*", text, flags=re.M):
        for line in block.splitlines():
            line = line.removeprefix("    ")
            if line.startswith("$ "):
                found.append((line[2:], []))
            else:
                found[-1][1].append(line)
    return [(command, "\n".join(lines)) for command, lines in found]


def main():
    binaries = pathlib.Path(sys.argv[1]).resolve()
    text = (ROOT / "README.md").read_text()
    failed = passed = 0

    def expect(ok, sentence):
        nonlocal failed, passed
        passed, failed = passed + ok, failed + (not ok)
        if not ok:
            print(sentence)

    with tempfile.TemporaryDirectory() as folder:
        found = examples(text)
        expect(len(found) >= 2, "README.md shows no commands")
        for command, output in found:
            words = [str(binaries / w.removeprefix("build/bin/")) if w.startswith("build/bin/")
                     else w.replace("build/", folder + "/") if w.startswith("build/") else w
                     for w in shlex.split(command)]
            done = subprocess.run(words, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True)
            expect(done.returncode == 0, f"{command}: exit code {done.returncode}: {done.stderr}")
            expect(done.stdout.rstrip("\n") == output, f"{command}: expected\n{output}\nfound\n{done.stdout}")
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").glob("**/*.md"))):
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
            expect((page.parent / link).exists(), f"{page.relative_to(ROOT)} links to {link}, which is not there")
    expect(len(text.splitlines()) <= 70, "README.md is longer than a screen of 70 lines")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
