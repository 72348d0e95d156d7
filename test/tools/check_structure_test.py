#!/usr/bin/env python3
"""Tests of tools/check-structure: each planted fault is found, sound code passes."""
import pathlib, subprocess, sys, tempfile, unittest

TOOL = pathlib.Path(__file__).resolve().parent.parent.parent / "tools" / "check-structure"


def run(files):
    """The tool's (exit code, output) on a repository of these files."""
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for name, text in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        for command in (["init", "-q"], ["add", "-A"]):
            subprocess.run(["git", *command], cwd=root, check=True)
        result = subprocess.run([sys.executable, TOOL, root], capture_output=True, text=True)
        return result.returncode, result.stdout


class CheckStructureTest(unittest.TestCase):
    def sound(self, name, text):
        self.assertEqual(run({name: text}), (0, "structure: sound\n"), (name, text))

    def fault(self, name, text, sentence):
        code, output = run({name: text})
        self.assertEqual(code, 1, (name, text))
        self.assertIn(sentence, output)

    def test_arrows_of_the_design_are_allowed(self):
        for name, header in (
                ("frontend/importer/A.cpp", "dialects/moe/MoeDialect.h"),
                ("frontend/config/A.cpp", "runtime/weights/Checkpoint.h"),
                ("frontend/importer/A.cpp", "frontend/names/Names.h"),
                ("dialects/moe/A.cpp", "dialects/plan/PlanDialect.h"),
                ("passes/fuse/A.cpp", "dialects/hc/HcDialect.h"),
                ("passes/quantize/A.cpp", "runtime/weights/Checkpoint.h"),
                ("passes/quantize/A.cpp", "passes/pipelines/Pipelines.h"),
                ("codegen/plan/A.cpp", "runtime/plan/Container.h"),
                ("runtime/text/A.cpp", "runtime/base/Status.h"),
                ("tools/driver/A.cpp", "codegen/plan/Container.h"),
                ("test/codegen/A.cpp", "frontend/config/ModelConfig.h"),
                ("passes/lower/A.cpp", "mlir/IR/Builders.h"),
                ("frontend/importer/A.cpp", "llvm/ADT/StringRef.h"),
                ("runtime/plan/A.cpp", "flatbuffers/flatbuffers.h")):
            self.sound(name, f'#include "{header}"\n#include <vector>\n')

    def test_other_arrows_are_faults(self):
        for name, header in (
                ("frontend/importer/A.cpp", "passes/fuse/Passes.h"),
                ("frontend/importer/A.cpp", "runtime/plan/Container.h"),
                ("dialects/moe/A.h", "frontend/names/Names.h"),
                ("dialects/moe/A.h", "runtime/base/Status.h"),
                ("passes/fuse/A.cpp", "runtime/base/Status.h"),
                ("passes/fuse/A.cpp", "codegen/plan/Container.h"),
                ("codegen/cpu/A.cpp", "passes/lower/Passes.h"),
                ("codegen/cpu/A.cpp", "runtime/weights/Checkpoint.h"),
                ("runtime/plan/A.cpp", "codegen/plan/Container.h"),
                ("runtime/plan/A.cpp", "dialects/plan/PlanDialect.h"),
                ("runtime/plan/A.cpp", "tools/driver/Driver.h")):
            self.fault(name, f'\n#include "{header}"\n', f"{name}:2: includes {header}; ")

    def test_tablegen_and_schemas_include_too(self):
        self.fault("dialects/moe/A.td", 'include "passes/fuse/B.td"\n', "A.td:1: includes passes/fuse/B.td")
        self.fault("runtime/plan/a.fbs", 'include "codegen/b.fbs";\n', "a.fbs:1: includes codegen/b.fbs")

    def test_llvm_stays_out_of_what_ships_without_it(self):
        for name in ("runtime/base/A.h", "frontend/config/A.cpp", "frontend/names/A.cpp", "frontend/tokenizer/A.cpp"):
            for line in ('#include "llvm/ADT/StringRef.h"', "#include <mlir/IR/Builders.h>", '# include "llvm/X.h"'):
                self.fault(name, line + "\n", "this folder knows no LLVM")

    def test_includes_start_at_the_root(self):
        self.fault("runtime/base/A.cpp", '#include "Status.h"\n', "start at the root of the repository")

    def test_includes_in_comments_do_not_count(self):
        self.sound("runtime/base/A.cpp", '// #include "passes/A.h"\n/*\n#include "llvm/A.h"\n*/\n')

    def test_model_words_in_the_runtime_are_faults(self):
        for code in ("void applyRope();", "int rope_dim;", "float mainRope;", "void softmax();", "int softMax;",
                     "struct ExpertTable;", "int experts = 3;", "void SinkhornStep();", "float decodeE4M3(int);",
                     'fail("no such expert");', "int ROPE;"):
            self.fault("runtime/device/cpu/A.cpp", f"\n{code}\n", "A.cpp:2: says ")
        self.fault("runtime/plan/a.fbs", "table T { experts:uint32; }\n", "a.fbs:1: says \"experts\"")

    def test_what_only_looks_like_model_words_is_sound(self):
        self.sound("runtime/device/cpu/A.cpp",
                   "// one table for each expert\n/* softmax\n rope */\nint property; // europe's rope\n"
                   "enum D { F8E4M3, F8E4M3FN };\nconst char *n = \"F8_E4M3\";\nint maxSoft;\n")
        self.sound("runtime/text/A.cpp", "void softmax();\n")
        self.sound("runtime/device/sim/A.cpp", "float decodeE4M3(int);\n")
        self.sound("passes/lower/A.cpp", "void softmax();\n")

    def test_a_string_with_slashes_hides_nothing(self):
        self.fault("runtime/base/A.cpp", 'f("http://x"); softmax();\n', "A.cpp:1: says \"softmax\"")

    def test_long_files_are_warned_about_then_refused(self):
        self.sound("runtime/base/A.cpp", "\n" * 400)
        code, output = run({"runtime/base/A.cpp": "\n" * 401})
        self.assertEqual(code, 0)
        self.assertIn("warning: runtime/base/A.cpp: 401 lines", output)
        self.fault("runtime/base/A.cpp", "\n" * 601, "runtime/base/A.cpp: 601 lines; 600 are the most")
        self.fault("tools/check", "\n" * 601, "tools/check: 601 lines")
        self.sound("test/golden/index.json", "\n" * 5000)

    def test_the_build_knows_every_source(self):
        files = {"CMakeLists.txt": "add_subdirectory(runtime/base) # not test\n",
                 "runtime/base/CMakeLists.txt": "sluice_add_library(Base\n  SRCS A.cpp sub/B.cpp)\n",
                 "runtime/base/A.cpp": "", "runtime/base/sub/B.cpp": ""}
        self.assertEqual(run(files), (0, "structure: sound\n"))
        for name in ("runtime/base/B.cpp", "runtime/base/sub/A.cpp", "runtime/base/A.c", "runtime/base/a_test.py"):
            code, output = run(files | {name: ""})
            self.assertEqual((code, output.splitlines()[0]),
                             (1, f"{name}: runtime/base/CMakeLists.txt does not list it"))
        code, output = run(files | {"test/CMakeLists.txt": ""})
        self.assertEqual(code, 1)
        self.assertIn("test/CMakeLists.txt: no CMakeLists.txt above it adds this folder", output)

    def test_the_repository_stays_small(self):
        self.fault("test/golden/big.bin", "x" * 60_000_001, "60000001 bytes are tracked")


if __name__ == "__main__":
    unittest.main()
