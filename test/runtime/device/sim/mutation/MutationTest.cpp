// The simulator against broken kernels: each mutant of each kernel of the
// corpus is to be caught.
//
//     SimMutationTest [--compiler clang|nvcc|all] [--kernel NAME] [--threads N]
//                     [--json FILE]
//
// ctest runs clang's PTX, all targets; `--compiler all` runs what nvcc prints
// too. Exit codes: 0; 1 a survivor has no reason, a reason no survivor, or less
// than 95 % are caught; 2 it could not run.

#include "test/runtime/device/sim/mutation/Report.h"

#include <fmt/format.h>

#include <atomic>
#include <cstring>
#include <fstream>
#include <map>
#include <set>
#include <thread>

using namespace sluice;
using namespace sluice::sim;
using namespace sluice::sim::mutation;

namespace {

constexpr double kLeastPerCent = 95;

struct Options {
  bool clang = true, nvcc = false;
  std::string kernel, json;
  unsigned threads = 2;
};

Result<Options> optionsOf(int count, char **arguments) {
  Options options;
  for (int i = 1; i < count; i += 2) {
    std::string name = arguments[i];
    if (i + 1 == count)
      return invalidArgument(fmt::format("expected a value after {}", name));
    std::string value = arguments[i + 1];
    if (name == "--compiler") {
      if (value != "clang" && value != "nvcc" && value != "all")
        return invalidArgument(fmt::format(
            "--compiler: expected clang, nvcc or all, found {}", value));
      options.clang = value != "nvcc";
      options.nvcc = value != "clang";
    } else if (name == "--kernel") {
      options.kernel = value;
    } else if (name == "--threads") {
      options.threads = std::max(
          1, static_cast<int>(std::strtol(value.c_str(), nullptr, 10)));
    } else if (name == "--json") {
      options.json = value;
    } else {
      return invalidArgument(fmt::format("expected --compiler, --kernel, "
                                         "--threads or --json, found {}",
                                         name));
    }
  }
  return options;
}

// A text and its mutants.
struct Subject {
  std::string kernel;
  std::unique_ptr<Judge> judge;
};

// Adds those of one compiler; `folder` is empty for clang's.
Status addSubjects(std::vector<Subject> &subjects, const Options &options,
                   const std::string &folder) {
  std::map<std::pair<std::string, std::string>, std::vector<corpus::Case>>
      texts;
  for (const corpus::Case &example : corpus::corpusCases())
    for (const std::string &target : example.targets)
      if (options.kernel.empty() || example.file == options.kernel)
        texts[{example.file, target}].push_back(example);
  for (auto &[text, cases] : texts) {
    std::string path =
        folder.empty()
            ? corpus::ptxPath(cases.front(), text.second)
            : folder + "/" + corpus::ptxName(cases.front(), text.second);
    std::string ptx = corpus::textOfFile(path);
    if (ptx.empty())
      return badInput(fmt::format("expected PTX in {}, found none", path));
    std::string file = path.substr(path.rfind('/') + 1);
    auto judge = std::make_unique<Judge>(std::move(ptx), std::move(file),
                                         std::move(cases));
    SLUICE_TRY(judge->prepare());
    subjects.push_back(
        {(folder.empty() ? "" : "nvcc/") + text.first, std::move(judge)});
  }
  return {};
}

Result<std::vector<Tried>> tryAll(const std::vector<Subject> &subjects,
                                  unsigned threads) {
  std::vector<Tried> tried;
  std::vector<const Judge *> judges; // of each
  for (const Subject &subject : subjects) {
    SLUICE_ASSIGN(std::vector<Mutant> mutants,
                  mutantsOf(subject.judge->ptx(), subject.judge->file()));
    for (Mutant &mutant : mutants) {
      tried.push_back(
          {subject.kernel, subject.judge->file(), std::move(mutant), {}});
      judges.push_back(subject.judge.get());
    }
  }
  std::atomic<size_t> next = 0;
  auto work = [&] {
    for (size_t i; (i = next++) < tried.size();)
      tried[i].verdict = judges[i]->judge(tried[i].mutant);
  };
  std::vector<std::thread> workers;
  for (unsigned i = 1; i < threads; ++i)
    workers.emplace_back(work);
  work();
  for (std::thread &worker : workers)
    worker.join();
  return tried;
}

// Of the PTX in the repository each mutant is tried, and each survivor has a
// reason. What nvcc prints is another text with each nvcc.
bool isAsItShouldBe(const Tried &one) {
  if (one.kernel.starts_with("nvcc/"))
    return true;
  return one.verdict.caught == Caught::No
             ? one.reason != nullptr
             : one.verdict.caught != Caught::Unreached;
}

// A case is one operator on one kernel, one reason without a survivor, or the
// ratio. Returns the failed ones.
uint32_t printVerdict(const std::vector<Tried> &tried,
                      const std::vector<const Reason *> &stale,
                      uint32_t skipped) {
  std::map<std::pair<std::string, Operator>, bool> cases;
  Count all;
  for (const Tried &one : tried) {
    bool ok = isAsItShouldBe(one);
    auto [found, isNew] = cases.insert({{one.kernel, one.mutant.op}, true});
    found->second = found->second && ok;
    all.add(one);
  }
  uint32_t passed = 0, failed = static_cast<uint32_t>(stale.size());
  for (const auto &[name, ok] : cases)
    ++(ok ? passed : failed);
  for (const Reason *reason : stale)
    fmt::print("survivors.txt:{}: {} | {} does not survive (or is no mutant): "
               "remove its reason\n",
               reason->line, reason->kernel, reason->mutant);
  bool enough = all.total > 0 && all.ofFaults() >= kLeastPerCent;
  ++(enough ? passed : failed);
  fmt::print("{} of {} mutants caught: {:.2f} %; of those that are not "
             "equivalent {:.2f} %, at least {} % are expected\n",
             all.caught, all.total, all.ofAll(), all.ofFaults(), kLeastPerCent);
  if (all.unreached > 0)
    fmt::print("{} more were not tried, as no case comes to them\n",
               all.unreached);
  fmt::print("{} passed, {} failed, {} skipped\n", passed, failed, skipped);
  return failed;
}

Result<uint32_t> run(const Options &options) {
  std::string path = SLUICE_MUTATION_SURVIVORS;
  SLUICE_ASSIGN(std::vector<Reason> reasons,
                readSurvivors(corpus::textOfFile(path), path));
  std::vector<Subject> subjects;
  if (options.clang)
    SLUICE_TRY(addSubjects(subjects, options, ""));
  uint32_t skipped = 0;
  std::string folder = SLUICE_NVCC_PTX;
  if (options.nvcc && folder.empty()) {
    ++skipped;
    fmt::print(
        "nvcc's PTX is skipped: there was no nvcc when this was built\n");
  } else if (options.nvcc) {
    SLUICE_TRY(addSubjects(subjects, options, folder));
  }
  SLUICE_ASSIGN(std::vector<Tried> tried, tryAll(subjects, options.threads));
  std::vector<const Reason *> stale = explain(tried, reasons);
  fmt::print("{}\nSurvivors\n{}\n", tables(tried), survivors(tried));
  if (!options.json.empty() &&
      !(std::ofstream(options.json) << json(tried)).flush())
    return invalidArgument(
        fmt::format("{} cannot be written; --json names a file", options.json));
  return printVerdict(tried, stale, skipped);
}

} // namespace

int main(int count, char **arguments) {
  Result<Options> options = optionsOf(count, arguments);
  Result<uint32_t> failed = options.ok() ? run(*options) : options.status();
  if (!failed.ok()) {
    fmt::print(stderr, "SimMutationTest: {}\n", failed.status().message());
    return 2;
  }
  return *failed != 0;
}
