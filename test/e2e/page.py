"""The commands of a page of docs/, and what it says that they print."""
import re, subprocess, tempfile

import harness


def examples(text):
    """(command, what it prints) of each "$ " line in an indented block."""
    found = []
    for block in re.findall(r"^    \$ (?:.*\n(?:\n(?=    ))?)(?:    .*\n(?:\n(?=    ))?)*", text, flags=re.M):
        for line in block.rstrip("\n").split("\n"):
            line = line.removeprefix("    ")
            if line.startswith("$ "):
                found.append((line[2:], []))
            else:
                found[-1][1].append(line)
    return [(command, "\n".join(lines)) for command, lines in found]


def check(page, bin_folder, code=lambda output: 0):
    """Runs them with the programs of a build; files in build/ go to a folder of their own.
    `code`: the exit code that goes with an output."""
    root = harness.ROOT.parent
    found = examples((root / page).read_text())
    assert found, f"{page} has no commands"
    with tempfile.TemporaryDirectory(prefix="sluice-page-") as folder:
        places = {"build/bin/": f"{bin_folder}/", "build/": f"{folder}/"}
        here = lambda text: re.sub("build/bin/|build/", lambda place: places[place[0]], text)
        for command, output in found:
            done = subprocess.run(["sh", "-c", here(command)], cwd=root, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True, timeout=300)
            printed = done.stdout.rstrip("\n")
            assert printed == here(output).rstrip("\n"), f"{command}: {printed!r} is not {here(output)!r}"
            assert done.returncode == code(output), f"{command}: exit code {done.returncode}"
    return f"{len(found)} commands"
