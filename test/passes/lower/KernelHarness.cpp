#include "test/passes/lower/KernelHarness.h"

#include "test/passes/lower/Evaluate.h"
#include "test/passes/lower/GpuRun.h"

#include "codegen/cpu/CpuImage.h"
#include "dialects/AllDialects.h"
#include "dialects/plan/PlanDialect.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "passes/lower/Passes.h"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <cmath>
#include <cstring>
#include <map>

using namespace mlir;
using namespace mlir::sluice;

namespace sluice::test {

namespace {
/// Code of one target, mapped executable.
class Code {
public:
  explicit Code(const CpuImage &image) : size(image.bytes.size()) {
    base = mmap(nullptr, size, PROT_READ | PROT_WRITE,
                MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    std::memcpy(base, image.bytes.data(), size);
    mprotect(base, size, PROT_READ | PROT_EXEC);
  }
  ~Code() { munmap(base, size); }
  Code(const Code &) = delete;
  void *at(std::uint64_t offset) const {
    return static_cast<char *>(base) + offset;
  }

private:
  std::size_t size;
  void *base;
};

using Kernel = void (*)(const std::uint64_t *, std::uint32_t, std::uint32_t,
                        std::uint32_t, void *);
} // namespace

static void runVariant(plan::KernelOp kernel, plan::VariantOp variant,
                       const CpuImage &image, const Symbols &symbols,
                       std::vector<std::uint64_t> words) {
  for (Attribute value : kernel.getValuesAttr())
    words.push_back(evaluate(cast<plan::ExprAttr>(value), symbols));
  std::vector<std::vector<std::uint8_t>> buffers;
  for (Attribute bytes : variant.getBuffers()) {
    buffers.emplace_back(evaluate(cast<plan::ExprAttr>(bytes), symbols) + 1,
                         0xFF);
    words.push_back(word(buffers.back()));
  }
  Code code(image);
  for (plan::StageOp stage : variant.getBody().getOps<plan::StageOp>()) {
    auto entry =
        reinterpret_cast<Kernel>(code.at(image.entries.at(stage.getCode())));
    std::int64_t grid[3];
    for (int i = 0; i < 3; ++i)
      grid[i] = evaluate(cast<plan::ExprAttr>(stage.getGrid()[i]), symbols);
    std::int64_t scratchBytes = evaluate(stage.getScratch(), symbols);
    // A guard behind the scratch shows a block that uses more than it says.
    std::vector<std::uint8_t> memory(scratchBytes + 128 + 64, 0xFF);
    auto *scratch =
        reinterpret_cast<std::uint8_t *>((word(memory) + 63) / 64 * 64);
    for (std::int64_t z = 0; z < grid[2]; ++z)
      for (std::int64_t y = 0; y < grid[1]; ++y)
        for (std::int64_t x = 0; x < grid[0]; ++x) {
          std::fill(memory.begin(), memory.end(), 0xFF);
          entry(words.data(), x, y, z, scratch);
          for (int i = 0; i < 64; ++i)
            ASSERT_EQ(scratch[scratchBytes + i], 0xFF)
                << "a block wrote past its scratch of " << scratchBytes;
        }
  }
}

void runKernel(const std::string &text, const Symbols &symbols,
               const std::vector<std::uint64_t> &words,
               const std::vector<Bytes> &written) {
  MLIRContext context;
  DialectRegistry registry;
  registerAllDialects(registry);
  context.appendDialectRegistry(registry);
  auto module = parseSourceString<ModuleOp>(text, &context);
  ASSERT_TRUE(module) << text;
  std::vector<std::string> gpus = gpuTargets();
  PassManager passes(&context);
  LowerPassOptions options;
  options.targets.assign(gpus.begin(), gpus.end());
  passes.addPass(createLowerPass(options));
  ASSERT_TRUE(succeeded(passes.run(*module)));
  auto kernel = module->lookupSymbol<plan::KernelOp>("k");
  ASSERT_TRUE(kernel);

  using Copies = std::vector<std::vector<std::byte>>;
  auto copies = [&] {
    Copies result;
    for (Bytes bytes : written)
      result.emplace_back(bytes.begin(), bytes.end());
    return result;
  };
  const Copies before = copies();
  std::optional<Copies> first;
  for (auto variant : module->getOps<plan::VariantOp>()) {
    bool wide = variant.getTarget() == "x86-64-v4";
    if (wide && !(__builtin_cpu_supports("avx512bw") &&
                  __builtin_cpu_supports("avx512vl") &&
                  __builtin_cpu_supports("avx512dq")))
      continue;
    for (std::size_t i = 0; i < written.size(); ++i)
      std::copy(before[i].begin(), before[i].end(), written[i].begin());
    if (gpus.empty()) {
      FailureOr<CpuImage> image = emitCpuImage(*module, variant.getTarget());
      ASSERT_TRUE(succeeded(image));
      runVariant(kernel, variant, *image, symbols, words);
    } else {
      runOnSimulator(kernel, variant, symbols, words, written);
    }
    if (!first)
      first = copies();
    EXPECT_TRUE(*first == copies()) << "targets leave different bytes";
  }
  ASSERT_TRUE(first) << "no target runs here";
}

/// All that tests gave to kernels, by address; what is gone may be among it.
static std::map<std::uint64_t, HostRange> remembered;

void remember(const HostRange &range) {
  if (range.bytes == 0)
    return;
  std::erase_if(remembered, [&](const auto &entry) {
    const HostRange &old = entry.second;
    return old.address < range.address + range.bytes &&
           range.address < old.address + old.bytes;
  });
  remembered[range.address] = range;
}

const HostRange *rememberedAt(std::uint64_t address) {
  auto after = remembered.upper_bound(address);
  if (after == remembered.begin())
    return nullptr;
  const HostRange &range = std::prev(after)->second;
  return address < range.address + range.bytes ? &range : nullptr;
}

std::vector<float> Random::floats(std::size_t count, float low, float high) {
  std::uniform_real_distribution<float> distribution(low, high);
  std::vector<float> values(count);
  for (float &value : values)
    value = distribution(engine);
  return values;
}

std::vector<std::uint8_t> Random::bytes(std::size_t count) {
  std::vector<std::uint8_t> values(count);
  for (std::uint8_t &value : values)
    value = static_cast<std::uint8_t>(engine());
  return values;
}

std::vector<double> widen(std::span<const float> values) {
  return {values.begin(), values.end()};
}

void expectNear(std::span<const float> found, std::span<const double> expected,
                double tolerance, const char *what) {
  ASSERT_EQ(found.size(), expected.size()) << what;
  for (std::size_t i = 0; i < found.size(); ++i) {
    double bound = tolerance * std::max(1.0, std::abs(expected[i]));
    ASSERT_TRUE(std::abs(found[i] - expected[i]) <= bound)
        << what << "[" << i << "]: expected " << expected[i] << ", found "
        << found[i];
  }
}

} // namespace sluice::test
