#include "runtime/device/sim/ptx/OpcodeTable.h"
#include "runtime/device/sim/ptx/Parser.h"
#include "test/runtime/device/sim/ops/MatrixKernels.h"
#include "test/runtime/device/sim/ops/WarpCase.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <map>
#include <set>

namespace sluice::sim {
namespace {

/// All kernels that this program tests, by target.
std::map<std::string, std::string> allKernels() {
  std::map<std::string, std::string> text;
  int count = 0;
  auto name = [&] { return "k" + std::to_string(count++); };
  for (const OpCase &op : allOpCases())
    text[op.target] += opKernel(op, name());
  for (auto *cases : {warpCases, memoryCases, asyncCases})
    for (const WarpCase &c : cases())
      text[c.target] += opKernel({c.text, c.result, 'i', nullptr}, name());
  for (const MmaTest &test : mmaTests())
    text[test.target] += mmaKernel(test, name());
  for (const WmmaForm &form : wmmaTests())
    text["sm_90"] += wmmaKernel(form, name());
  for (int matrices : {1, 2, 4})
    for (int form = 0; form < 4; ++form)
      text["sm_90"] +=
          ldMatrixKernel(matrices, (form & 1) != 0, (form & 2) != 0, name());
  for (auto &[target, kernels] : text)
    kernels =
        ".version 8.8\n.target " + target + "\n.address_size 64\n" + kernels;
  return text;
}

/// Rows that other test programs run: control flow that is in every kernel of
/// CallTest and CheckTest.
const std::set<std::string> kElsewhere = {"trap", "call", "exit"};

TEST(TableTest, everyRowHasATest) {
  std::set<uint32_t> seen;
  for (const auto &[target, text] : allKernels()) {
    auto module = parseModule(text, "all.ptx");
    ASSERT_TRUE(module.ok()) << module.status().message();
    for (const auto &function : (*module)->functions)
      for (const Statement &statement : function->body)
        seen.insert(statement.row->index);
  }
  for (const OpcodeRow &row : opcodeTable())
    EXPECT_TRUE(seen.contains(row.index) ||
                kElsewhere.contains(std::string(row.name)))
        << describeRow(row);
}

TEST(TableTest, ptxasTakesEveryTest) {
  if (!std::filesystem::exists("/usr/local/cuda/bin/ptxas"))
    GTEST_SKIP() << "there is no /usr/local/cuda/bin/ptxas";
  for (const auto &[target, text] : allKernels()) {
    std::string path = testing::TempDir() + "sluice_sim_" + target + ".ptx";
    std::ofstream(path) << text;
    std::string command = "/usr/local/cuda/bin/ptxas -O0 -arch=" + target +
                          " -o /dev/null " + path + " > " + path + ".log 2>&1";
    int status = std::system( // NOLINT(bugprone-command-processor): our own
        command.c_str());
    std::ifstream log(path + ".log");
    std::string messages((std::istreambuf_iterator<char>(log)), {});
    EXPECT_EQ(status, 0) << path << "\n" << messages.substr(0, 4000);
  }
}

} // namespace
} // namespace sluice::sim
