#!/usr/bin/env python3
"""`sluice pack` killed at any moment: the folder never looks whole and is not, and the
same command makes of it, at last, what one undisturbed run makes.

usage: interrupt_test.py BIN_FOLDER
"""
import hashlib, os, pathlib, random, shutil, signal, subprocess, sys, time

import packing
from packing import RULES, Packer, harness

packer = Packer()
KILLS = 50
TENSORS, ROWS = 40, 1024  # of 512 columns, some MiB in all, in shards of 1 MiB


def large_source():
    """The plain golden with more and larger tensors of no use, so that a pack takes a while."""
    import numpy as np
    folder = packer.new("source")
    folder.mkdir()
    plain = harness.CHECKPOINTS["v4-plain-bf16"]
    (folder / "config.json").write_bytes((plain / "config.json").read_bytes())
    tensors = packing.checkpoint.read_tensors(plain)
    random_bytes = np.random.default_rng(0).integers(0, 1 << 14, (TENSORS, ROWS * 512), np.uint16)
    for i, data in enumerate(random_bytes):
        tensors[f"mtp.0.extra.{i}.weight"] = "BF16", [ROWS, 512], data.tobytes()
    packing.checkpoint.write_tensors(folder / "model.safetensors", tensors)
    return folder


def words(source, to):
    return "pack", source, "-o", to, f"--quantize={RULES}", "--shard-mib", 1, "--threads", 2


def contents(folder):
    return {p.name: p.read_bytes() for p in folder.iterdir() if p.is_file()}


def looks_whole(folder):
    """Is there what a loader begins with?"""
    return any((folder / name).exists() for name in ("model.safetensors.index.json", "model.safetensors"))


def undisturbed(source):
    folder, started = packer.new(), time.monotonic()
    packer.run(*words(source, folder))
    return contents(folder), time.monotonic() - started


def kill_often(source, whole, seconds):
    """Each kill comes at another time; the job goes on with the next run."""
    generator, folder, finished, early = random.Random(4), packer.new(), 0, 0
    for kill in range(KILLS):
        process = packer.start(*words(source, folder))
        time.sleep(generator.random() * seconds * 1.1)
        process.send_signal(signal.SIGKILL)
        _, err = process.communicate()
        if looks_whole(folder):
            assert contents(folder) == whole, f"kill {kill}: it looks whole and is not"
            finished += 1
            folder = packer.new()  # begin again
        elif process.returncode == -signal.SIGKILL:
            early += 1
        else:
            raise AssertionError(f"kill {kill}: exit code {process.returncode}: {err}")
    packer.run(*words(source, folder))
    assert contents(folder) == whole and not list(folder.glob(".*")), "another model than without interruption"
    assert early >= KILLS / 4 and finished >= 1, f"{early} early kills, {finished} finished: the times were badly chosen"
    return f"{early} of {KILLS} kills came early, {finished} runs finished"


def polite(source, whole, seconds):
    """Ctrl-C and its like: the shell sees the signal; the same command goes on."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        folder = packer.new()
        process = packer.start(*words(source, folder))
        time.sleep(seconds / 2)
        process.send_signal(number)
        _, err = process.communicate(timeout=60)
        assert process.returncode == -number, (process.returncode, err)
        assert not looks_whole(folder)
        out, _ = packer.run(*words(source, folder), "--json")
        assert contents(folder) == whole
        assert '"resumed":true' in out.replace(" ", ""), out[:300]


def disk_fills_up(source, whole):
    """Room for the tensors and no more: pack starts, and its headers and notes
    are too much. With more room the job goes on."""
    place = packer.new("disk")
    place.mkdir()
    shards = [whole[name] for name in sorted(whole) if name.endswith(".safetensors")]
    tensors = sum(len(file) - 8 - int.from_bytes(file[:8], "little") for file in shards)
    pack = " ".join(map(str, (packer.bin / "sluice", *words(source, place / "packed"))))
    script = f"""mount -t tmpfs -o size={tensors + (64 << 10)} none {place} || exit 77
        {pack} > /dev/null; echo "code $?"; ls {place}/packed/.sluice-pack | grep -c file-
        mount -o remount,size=80m {place}; {pack} > /dev/null; echo "again $?"
        cat {place}/packed/*.safetensors | sha256sum"""
    done = subprocess.run(["unshare", "-rm", "sh", "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode == 77 or done.stderr.startswith("unshare:"):
        raise harness.Skip("no small disk can be mounted here: " + done.stderr.strip())
    code, finished, again, digest = done.stdout.split("\n")[:4]
    assert (code, again) == ("code 8", "again 0") and 0 < int(finished) < len(shards), (done.stdout, done.stderr)
    assert digest == hashlib.sha256(b"".join(shards)).hexdigest() + "  -", (done.stdout, done.stderr)
    assert "No space left" in done.stderr, done.stderr


def orphans(source):
    """No compiler outlives a pack that is killed while it calibrates."""
    if not (packer.bin / "sluice-compile").exists():
        raise harness.Skip("this build has no compiler")
    text = packer.folder / "calibration.txt"
    text.write_text("ROMEO.\n" * 40)
    process = packer.start("pack", harness.CHECKPOINTS["v4-plain-bf16"], "-o", packer.new(), f"--quantize={RULES}", "--calibrate", text)
    children = pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children")
    while not (child := children.read_text().split()):
        assert process.poll() is None, process.communicate()
        time.sleep(0.001)
    process.kill()
    process.communicate()
    for _ in range(500):
        if not pathlib.Path(f"/proc/{child[0]}").exists():
            return
        time.sleep(0.02)
    raise AssertionError("the compiler goes on without its parent")


def other_jobs(source):
    """An unfinished pack is not finished as something else."""
    folder = packer.new()
    process = packer.start(*words(source, folder))
    while not list(folder.glob(".sluice-pack/file-*")):  # the first shard is done
        assert process.poll() is None, process.communicate()
        time.sleep(0.001)
    process.send_signal(signal.SIGSTOP)
    second = packer.start(*words(source, folder))
    _, err = second.communicate()
    assert second.returncode == 8 and "another process is packing into" in err, err
    process.kill()
    process.communicate()
    before = sorted(str(p) for p in folder.rglob("*"))
    plain = [w if not str(w).startswith("--quantize") else "--quantize=dense=fp8" for w in words(source, folder)]
    packer.refuses(plain, 8, "holds an unfinished pack of another model, of one that has changed, or with other options")
    packer.refuses([*words(source, folder), "--scales=plain"], 8, "holds an unfinished pack")
    (folder / "config.json").write_text("{}")  # somebody's
    packer.refuses(words(source, folder), 8, 'holds an unfinished pack and, beside it, "config.json"')
    assert (folder / "config.json").read_text() == "{}"
    (folder / "config.json").unlink()
    twin = packer.new("source")
    shutil.copytree(source, twin)  # of the same names, sizes and times, but another model
    shutil.copystat(source / "model.safetensors", twin / "model.safetensors")
    packer.refuses(words(twin, folder), 8, "of another model")
    os.utime(source / "model.safetensors")
    packer.refuses(words(source, folder), 8, "of one that has changed")
    assert sorted(str(p) for p in folder.rglob("*")) == before
    if (packer.bin / "sluice-compile").exists():
        packer.refuses(("compile", folder, "-o", packer.folder / "x.plan"), 3, "config.json", program="sluice-compile")


def main():
    source = large_source()
    whole, seconds = undisturbed(source)
    return harness.main([
        ("kills", lambda: kill_often(source, whole, seconds)), ("signals", lambda: polite(source, whole, seconds)),
        ("a disk that fills up", lambda: disk_fills_up(source, whole)), ("orphans", lambda: orphans(source)), ("other jobs", lambda: other_jobs(source))])


if __name__ == "__main__":
    sys.exit(main())
