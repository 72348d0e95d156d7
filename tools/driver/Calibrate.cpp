#include "tools/driver/Calibrate.h"

#include "tools/driver/EvalText.h"
#include "tools/driver/InputText.h"
#include "tools/driver/Interrupt.h"
#include "tools/driver/Progress.h"
#include "tools/driver/RunCompiler.h"

#include "runtime/base/Quote.h"
#include "tools/driver/Session.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <numeric>
#include <optional>

namespace sluice {
namespace {

constexpr uint32_t window = 512; // tokens, from an empty context
/// As many tokens of the layer's mean are mixed into the mean of an expert.
constexpr double priorTokens = 16;

/// A folder that is gone afterwards.
class TemporaryFolder {
public:
  static Result<TemporaryFolder> create() {
    std::error_code error;
    std::filesystem::path parent = std::filesystem::temp_directory_path(error);
    if (error) {
      const char *name = std::getenv("TMPDIR");
      return outputNotWritten(fmt::format("expected TMPDIR to name a folder "
                                          "for what is temporary, found {}: {}",
                                          inQuotes(name ? name : "/tmp"),
                                          error.message()));
    }
    std::string path = (parent / "sluice-XXXXXX").string();
    if (!mkdtemp(path.data()))
      return outputNotWritten(fmt::format(
          "cannot make the temporary folder {}: {}", path, strerror(errno)));
    return TemporaryFolder(std::move(path));
  }
  TemporaryFolder(TemporaryFolder &&other) noexcept
      : path(std::exchange(other.path, {})) {}
  TemporaryFolder &operator=(TemporaryFolder &&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    if (!path.empty())
      std::filesystem::remove_all(path, ignored);
  }
  std::string file(const std::string &name) const { return path + "/" + name; }

private:
  explicit TemporaryFolder(std::string path) : path(std::move(path)) {}
  std::string path;
};

/// Sums of squares over tokens, by column.
struct Energy {
  std::vector<double> sums;
  double tokens = 0;

  void add(const float *x, int64_t columns) {
    sums.resize(size_t(columns));
    for (int64_t c = 0; c < columns; ++c)
      sums[size_t(c)] += double(x[c]) * x[c];
    ++tokens;
  }
};

struct ExpertEnergy {
  Energy input, inside; // of w1 and w3, of w2
};

/// A matrix that a step left.
template <typename T> struct View {
  const T *data = nullptr;
  int64_t rows = 0, columns = 0;

  const T *row(int64_t i) const { return data + i * columns; }
};

class Calibration {
public:
  Calibration(std::shared_ptr<const Model> model, unsigned threads)
      : model(std::move(model)), threads(threads) {}

  Status read(const std::vector<int32_t> &ids);
  ColumnImportance importance() const;

private:
  template <typename T>
  Result<View<T>> output(const char *name, uint32_t layer, fb::DType dtype);
  Status step(std::span<const int32_t> ids);
  Status addLayer(uint32_t layer);
  bool hasLayer(uint32_t layer);

  std::shared_ptr<const Model> model;
  unsigned threads;
  std::unique_ptr<Context> context;
  std::vector<std::vector<ExpertEnergy>> layers; // by expert
};

Status Calibration::read(const std::vector<int32_t> &ids) {
  ContextOptions options;
  options.threads = threads;
  options.maxContext = options.maxRows =
      uint32_t(std::min<uint64_t>(window, model->plan().model.maxContext));
  SLUICE_ASSIGN(context, openContext(model, options));
  Progress progress("calibrate", ids.size(), "tokens");
  for (size_t at = 0; at < ids.size(); at += options.maxRows) {
    if (interrupted())
      return {StatusCode::Failed, "interrupted"};
    SLUICE_TRY(step(std::span(ids).subspan(
        at, std::min<size_t>(options.maxRows, ids.size() - at))));
    progress.at(at);
  }
  return {};
}

Status Calibration::step(std::span<const int32_t> ids) {
  std::vector<int32_t> positions(ids.size()), slots(ids.size());
  std::iota(positions.begin(), positions.end(), 0);
  int32_t bounds[] = {0, int32_t(ids.size())};
  int32_t last = int32_t(ids.size()) - 1;
  SLUICE_TRY(context->reset(0));
  SLUICE_TRY(context->step({.ids = ids,
                            .pos = positions,
                            .slot = slots,
                            .rows = bounds,
                            .logitRows = {&last, 1}}));
  for (uint32_t layer = 0; hasLayer(layer); ++layer)
    SLUICE_TRY(addLayer(layer));
  return {};
}

bool Calibration::hasLayer(uint32_t layer) {
  return context->output(fmt::format("experts.x.{}", layer)).ok();
}

template <typename T>
Result<View<T>> Calibration::output(const char *name, uint32_t layer,
                                    fb::DType dtype) {
  SLUICE_ASSIGN(OutputView view,
                context->output(fmt::format("experts.{}.{}", name, layer)));
  if (view.dtype != dtype)
    return incompatible(fmt::format("the compiler beside this program is "
                                    "another version's: experts.{}.{} has "
                                    "another type",
                                    name, layer));
  return View<T>{reinterpret_cast<const T *>(view.bytes.data()), view.dims[0],
                 view.rank == 1 ? 1 : view.dims[1]};
}

Status Calibration::addLayer(uint32_t layer) {
  SLUICE_ASSIGN(auto x, output<float>("x", layer, fb::DType::F32));
  SLUICE_ASSIGN(auto inside, output<float>("inside", layer, fb::DType::F32));
  SLUICE_ASSIGN(auto chosen, output<int32_t>("chosen", layer, fb::DType::I32));
  SLUICE_ASSIGN(auto row, output<int32_t>("row", layer, fb::DType::I32));
  layers.resize(std::max<size_t>(layers.size(), layer + 1));
  for (int64_t p = 0; p < row.rows; ++p) {
    int32_t assignment = row.data[p]; // token * experts a token + which
    auto expert = size_t(chosen.data[assignment]);
    if (layers[layer].size() <= expert)
      layers[layer].resize(expert + 1);
    ExpertEnergy &energy = layers[layer][expert];
    energy.input.add(x.row(assignment / chosen.columns), x.columns);
    energy.inside.add(inside.row(p), inside.columns);
  }
  return {};
}

/// The mean of `energy` drawn towards `prior`, a mean by column. Empty if all
/// are 0.
std::vector<float> drawn(const Energy &energy,
                         const std::vector<double> &prior) {
  std::vector<float> mean(prior.size());
  for (size_t c = 0; c < mean.size(); ++c) {
    double sum = energy.sums.empty() ? 0 : energy.sums[c];
    mean[c] =
        float((sum + priorTokens * prior[c]) / (energy.tokens + priorTokens));
  }
  bool none = std::all_of(mean.begin(), mean.end(),
                          [](float value) { return value == 0; });
  return none ? std::vector<float>() : mean;
}

/// The mean of all experts of a layer, by column.
std::vector<double> layerMean(const std::vector<ExpertEnergy> &experts,
                              Energy ExpertEnergy::*which) {
  std::vector<double> mean;
  double tokens = 0;
  for (const ExpertEnergy &expert : experts) {
    const Energy &energy = expert.*which;
    mean.resize(std::max(mean.size(), energy.sums.size()));
    for (size_t c = 0; c < energy.sums.size(); ++c)
      mean[c] += energy.sums[c];
    tokens += energy.tokens;
  }
  for (double &value : mean)
    value /= tokens;
  return mean;
}

ColumnImportance Calibration::importance() const {
  ColumnImportance result;
  for (size_t layer = 0; layer < layers.size(); ++layer) {
    const std::vector<ExpertEnergy> &experts = layers[layer];
    std::vector<double> input = layerMean(experts, &ExpertEnergy::input);
    std::vector<double> inside = layerMean(experts, &ExpertEnergy::inside);
    // A column inside an expert has nothing to do with another expert's.
    double mean = std::accumulate(inside.begin(), inside.end(), 0.0) /
                  double(inside.size());
    std::fill(inside.begin(), inside.end(), mean);
    for (size_t e = 0; e < experts.size(); ++e)
      for (const char *weight : {"w1", "w2", "w3"}) {
        std::vector<float> columns = std::string_view(weight) == "w2"
                                         ? drawn(experts[e].inside, inside)
                                         : drawn(experts[e].input, input);
        if (!columns.empty())
          result.emplace(fmt::format("layers.{}.ffn.experts.{}.{}.weight",
                                     layer, e, weight),
                         std::move(columns));
      }
  }
  return result;
}

} // namespace

Result<ColumnImportance> calibrate(const std::string &model,
                                   const std::string &file, unsigned threads) {
  if (file != "-") // better now than after the compiler
    SLUICE_TRY(readInputText(file).status());
  SLUICE_ASSIGN(TemporaryFolder folder, TemporaryFolder::create());
  std::string plan = folder.file("calibration.plan");
  SLUICE_TRY(runCompiler({model, "-o", plan, "--keep=experts",
                          "--numerics=exact", "--target=x86-64-v3,x86-64-v4"}));
  SLUICE_ASSIGN(auto opened, Model::open(plan, model));
  EvalTextFlags flags;
  flags.file = file;
  SLUICE_ASSIGN(EvalText text, readEvalText(flags, opened->file()));
  Calibration calibration(std::move(opened), threads);
  SLUICE_TRY(calibration.read(text.ids));
  return calibration.importance();
}

} // namespace sluice
