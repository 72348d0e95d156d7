#!/usr/bin/env python3
"""`sluice run` on a GPU whose driver fails, hangs or delivers nonsense.

usage: fault_test.py BIN_FOLDER
"""
import os, pathlib, re, signal, subprocess, sys, time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import harness

PROMPT = ("--input-ids", "5,9,2,7", "--max-tokens", 3, "--ignore-eos", "--output-ids", "-q")


class Faults:
    def __init__(self, tools):
        self.tools, self.log = tools, tools.folder / "calls.log"
        self.plan = tools.gpu_plan(harness.CHECKPOINTS["v4-runtime"])

    def command(self, *flags):
        return [str(w) for w in (self.tools.bin / "sluice", "run", self.plan, "--device", "cuda", *PROMPT, *flags)]

    def environment(self, fault):
        return {"LD_LIBRARY_PATH": str(self.tools.bin.parent / "test" / "fake-cuda"),
                "SLUICE_FAKE_CUDA_FAULT": fault, "SLUICE_FAKE_CUDA_LOG": str(self.log)}

    def calls(self, name):
        return self.log.read_text().split().count(name) if self.log.exists() else 0

    def fails(self, fault, code, expected, *flags):
        message = self.tools.call(*self.command(*flags), code=code, environment=self.environment(fault))
        assert re.search(expected, message), f"expected {expected!r}, found {message!r}"

    def launch(self):
        file = self.tools.folder / "logits.npy"
        self.fails("cuLaunchKernel:30=719", 6, r"cuLaunchKernel failed: .*\(719\); the last kernels, latest first: \w+", "--logits", file)
        assert not file.exists(), "logits of a step that failed"

    def module(self):
        self.fails("cuModuleLoadDataEx:1=222", 4, r"the PTX for sm_120: cuModuleLoadDataEx failed: .*\(222\)")

    def memory(self):
        self.fails("cuMemAlloc:3=2", 5, r"cuMemAlloc failed: .*\(2\); asked for \d+ bytes, \d+ of \d+ are free")

    def corrupt(self):
        copies = self.healthy("cuMemcpyDtoHAsync")
        self.fails(f"cuMemcpyDtoHAsync:{copies}=corrupt", 6, r"logit 0 of position \d+ is -?nan")

    def healthy(self, call):
        """Calls of a run without a fault."""
        self.tools.call(*self.command(), environment=self.environment("none:1=1"))
        return self.calls(call)

    def hang(self):
        """Two interrupts end a process whose driver does not answer."""
        count = self.healthy("cuStreamSynchronize")
        self.log.unlink()
        process = subprocess.Popen(self.command(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                   env=dict(os.environ, **self.environment(f"cuStreamSynchronize:{count}=hang")))
        try:
            deadline = time.monotonic() + 60
            while self.calls("cuStreamSynchronize") < count:
                assert process.poll() is None and time.monotonic() < deadline, "it did not come to the call that hangs"
                time.sleep(0.05)
            for _ in range(2):
                process.send_signal(signal.SIGINT)
                time.sleep(0.2)
            process.wait(timeout=10)
        finally:
            process.kill()
        assert process.returncode == -signal.SIGINT, process.returncode


def main():
    faults = Faults(harness.Tools(sys.argv[1]))
    return harness.main([(name, getattr(faults, name)) for name in ("launch", "module", "memory", "corrupt", "hang")])


if __name__ == "__main__":
    sys.exit(main())
