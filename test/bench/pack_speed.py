#!/usr/bin/env python3
"""How fast `sluice pack` is, against copying the same files on the same disk, and
how much memory it takes.

usage: pack_speed.py BIN_FOLDER [--gib N] [--rounds N] [--folder DIR]

Makes a model of N GiB (default 10) of random BF16 numbers with the shapes of
DeepSeek-V4-Pro but fewer layers, experts and tokens, in DIR (default: the
temporary folder), which must take 2.5 times as much. Each round copies it with cp
and packs it, once to FP8 and MXFP4 and once to FP8 alone; both end on disk (sync).
The file cache holds what it holds; the order changes from round to round.

Prints one JSON object: for each way the best seconds, GiB of the source a second,
processor seconds and the largest resident set, and the speeds relative to cp.
"""
import argparse, json, os, pathlib, shutil, subprocess, sys, tempfile, time

import numpy as np

from make_sparse_pro import config, named_shapes


GIB, LAYERS = 1 << 30, 2
WAYS = {"cp": None, "fp8 and mxfp4": "dense=fp8,experts=mxfp4", "fp8": "dense=fp8,experts=fp8"}


def sized(gib):
    """A config with as many experts as `gib` takes."""
    c = dict(config(LAYERS), vocab_size=16384, num_experts_per_tok=2)
    for key in ("expert_dtype", "quantization_config"):
        c.pop(key)
    for experts in range(2, 385):
        c["n_routed_experts"] = experts
        if sum(bytes_of(name, shape) for name, shape in named_shapes(c).items()) >= gib * GIB:
            break
    return c


def dtype_of(name):
    return "I64" if name.endswith("tid2eid") else "BF16"


def bytes_of(name, shape):
    return int(np.prod(shape, dtype=np.int64)) * (8 if dtype_of(name) == "I64" else 2)


def write(folder, c):
    """One shard; numbers are normal, from a block that is read from another place each time."""
    generator = np.random.default_rng(0)
    block = (generator.standard_normal(1 << 24, np.float32) * 0.02).view(np.uint32) >> 16
    block = block.astype(np.uint16).tobytes()
    shapes, header, end = named_shapes(c), {}, 0
    for name, shape in shapes.items():
        size = bytes_of(name, shape)
        header[name] = {"dtype": dtype_of(name), "shape": list(shape), "data_offsets": [end, end + size]}
        end += size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(c))
    with open(folder / "model.safetensors", "wb") as out:
        out.write(len(text).to_bytes(8, "little") + text)
        for name, shape in shapes.items():
            left = bytes_of(name, shape)
            if dtype_of(name) == "I64":
                out.write(bytes(left))
                continue
            while left:
                start = 2 * int(generator.integers(0, len(block) // 4))
                part = block[start:start + left]
                out.write(part)
                left -= len(part)
    return end


def largest_resident(pid):
    """In KiB; 0 once it has ended."""
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1])
    return 0


def timed(command, target):
    shutil.rmtree(target, ignore_errors=True)
    os.sync()
    started = time.monotonic()
    process = subprocess.Popen([str(c) for c in command], stdout=subprocess.DEVNULL)
    resident = 0
    while True:
        # What wait4 says begins with the size of this process, before exec.
        resident = max(resident, largest_resident(process.pid))
        ended, status, usage = os.wait4(process.pid, os.WNOHANG)
        if ended:
            break
        time.sleep(0.02)
    os.sync()
    seconds = time.monotonic() - started
    if status:
        sys.exit(f"{command[0]} failed")
    shutil.rmtree(target)
    return {"seconds": seconds, "processor_seconds": usage.ru_utime + usage.ru_stime, "rss_mib": resident / 1024}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bin", metavar="BIN_FOLDER", type=pathlib.Path)
    parser.add_argument("--gib", type=float, default=10)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--folder", type=pathlib.Path)
    flags = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="sluice-pack-speed-", dir=flags.folder) as folder:
        source, target = pathlib.Path(folder) / "source", pathlib.Path(folder) / "target"
        total = write(source, sized(flags.gib))
        runs = {way: [] for way in WAYS}
        for number in range(flags.rounds):
            for way, rules in list(WAYS.items())[::1 if number % 2 == 0 else -1]:
                print(f"round {number + 1}: {way}", file=sys.stderr)
                command = ("cp", "-r", "--reflink=never", source, target) if rules is None else \
                    (flags.bin / "sluice", "pack", source, "-o", target, f"--quantize={rules}")
                runs[way].append(timed(command, target))
    result = {"gib": total / GIB, "processors": os.cpu_count(), "ways": {}}
    for way, all_of_it in runs.items():
        best = min(all_of_it, key=lambda run: run["seconds"])
        result["ways"][way] = {**best, "gib_per_second": total / GIB / best["seconds"],
                               "rss_mib": max(run["rss_mib"] for run in all_of_it),
                               "speed_of_cp": min(run["seconds"] for run in runs["cp"]) / best["seconds"]}
    print(json.dumps(result, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
