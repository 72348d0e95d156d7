#!/usr/bin/env python3
"""Compiles each checkpoint under test/ into test/plans of the build folder, where
other tests find it, unless the plan there is newer than compiler and model.

usage: compile_plans.py BIN_FOLDER [gpu]
"""
import pathlib, sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import harness


def compile_plan(tools, name, gpu):
    plan = tools.shared_plan(name, gpu)
    if tools.is_fresh(plan, harness.CHECKPOINTS[name]):
        return "is there"
    plan.parent.mkdir(parents=True, exist_ok=True)
    tools.call(tools.bin / "sluice", "compile", harness.CHECKPOINTS[name], "-o", plan,
               *(["--target", harness.GPU_TARGETS] if gpu else []))
    return f"{plan.stat().st_size} bytes"


def main():
    tools = harness.Tools(sys.argv[1])
    gpu = sys.argv[2:] == ["gpu"]
    return harness.main([(name, lambda n=name: compile_plan(tools, n, gpu)) for name in harness.CHECKPOINTS
                         if not gpu or name != "v4-plain-bf16"])  # no test runs that one on a GPU


if __name__ == "__main__":
    sys.exit(main())
