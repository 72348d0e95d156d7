"""lit: every .mlir file under test/ with a RUN line.

    lit-22 -sv test                       tools from build/bin
    lit-22 -sv --param bin=B/bin test     tools from another build folder
"""

import os

import lit.formats

root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
tools = os.path.abspath(lit_config.params.get("bin", os.path.join(root, "build", "bin")))
llvm = lit_config.params.get("llvm", "/usr/lib/llvm-22/bin")

config.name = "sluice"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir"]
config.excludes = ["Inputs", "golden", "models"]
config.test_source_root = os.path.dirname(os.path.abspath(__file__))
config.test_exec_root = os.path.join(os.path.dirname(tools), "test", "lit")

if not os.path.exists(os.path.join(tools, "sluice-opt")):
    lit_config.fatal("no sluice-opt in " + tools + ": build it, or name its folder with --param bin=")
config.environment["PATH"] = os.pathsep.join([tools, llvm, os.environ.get("PATH", "")])
# A test that reads files names them from here.
config.substitutions.append(("%root", root))
