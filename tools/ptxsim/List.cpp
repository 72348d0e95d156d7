#include "tools/driver/JsonWriter.h"
#include "tools/driver/StandardOutput.h"
#include "tools/ptxsim/LoadPtx.h"
#include "tools/ptxsim/Verbs.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <memory>

namespace sluice::ptxsim {
namespace {

struct Options {
  std::string file;
  bool json = false;
};

/// A kernel: as the text declares it, and as it was decoded, or why it cannot
/// be.
struct Kernel {
  const sim::Function *function;
  sim::KernelInfo info;
  std::string refused;
};

/// ".u64" or ".b8[12]".
std::string typeText(const sim::KernelInfo::Parameter &parameter) {
  std::string text = fmt::format(".{}", sim::typeName(parameter.type));
  if (parameter.isArray)
    text += fmt::format("[{}]", uint64_t{parameter.bytes} * 8 /
                                    uint64_t(sim::typeBits(parameter.type)));
  return text;
}

std::string extentText(const uint32_t (&extent)[3]) {
  return fmt::format("{}x{}x{}", extent[0], extent[1], extent[2]);
}

std::string textOf(const Kernel &kernel) {
  std::string text = fmt::format("\nkernel {}\n", kernel.function->name);
  if (!kernel.refused.empty())
    return text + fmt::format("  cannot be run: {}\n", kernel.refused);
  if (kernel.function->requiredThreads[0] != 0)
    text += fmt::format("  blocks of {} threads (.reqntid)\n",
                        extentText(kernel.function->requiredThreads));
  if (kernel.function->maximumThreads[0] != 0)
    text += fmt::format("  blocks of at most {} threads (.maxntid)\n",
                        extentText(kernel.function->maximumThreads));
  text += fmt::format("  {} bytes of static shared memory\n",
                      kernel.info.staticSharedBytes);
  if (kernel.info.parameters.empty())
    return text + "  no parameters\n";
  size_t width = 9;
  for (const auto &parameter : kernel.info.parameters)
    width = std::max(width, parameter.name.size());
  text += fmt::format("  {:<{}}  type        bytes  align  offset\n",
                      "parameter", width);
  for (size_t i = 0; i < kernel.info.parameters.size(); ++i) {
    const auto &parameter = kernel.info.parameters[i];
    text += fmt::format("  {:<{}}  {:<10} {:>6} {:>6} {:>7}\n", parameter.name,
                        width, typeText(parameter), parameter.bytes,
                        kernel.function->parameters[i]->alignment,
                        parameter.offset);
  }
  return text;
}

void addExtent(JsonWriter &json, const char *key, const uint32_t (&extent)[3]) {
  json.key(key);
  if (extent[0] == 0) {
    json.raw("null");
    return;
  }
  json.beginList();
  for (uint32_t n : extent)
    json.value(n);
  json.endList();
}

void addKernel(JsonWriter &json, const Kernel &kernel) {
  json.beginObject().field("name", kernel.function->name);
  if (!kernel.refused.empty()) {
    json.field("refused", kernel.refused).endObject();
    return;
  }
  json.field("static_shared_bytes", kernel.info.staticSharedBytes);
  addExtent(json, "reqntid", kernel.function->requiredThreads);
  addExtent(json, "maxntid", kernel.function->maximumThreads);
  json.field("parameter_bytes", kernel.info.parameterBytes)
      .key("parameters")
      .beginList();
  for (size_t i = 0; i < kernel.info.parameters.size(); ++i) {
    const auto &parameter = kernel.info.parameters[i];
    json.beginObject()
        .field("name", parameter.name)
        .field("type", typeText(parameter))
        .field("bytes", parameter.bytes)
        .field("align", kernel.function->parameters[i]->alignment)
        .field("offset", parameter.offset)
        .endObject();
  }
  json.endList().endObject();
}

std::string jsonOf(const sim::Module &module,
                   const std::vector<Kernel> &kernels) {
  JsonWriter json;
  json.beginObject()
      .field("file", module.file)
      .field("version", versionText(module.version))
      .field("target", module.target)
      .key("notes")
      .beginList();
  for (const std::string &note : module.notes)
    json.value(note);
  json.endList().key("kernels").beginList();
  for (const Kernel &kernel : kernels)
    addKernel(json, kernel);
  json.endList().endObject();
  return json.text() + "\n";
}

Status list(const Options &options) {
  sim::Simulator simulator;
  SLUICE_ASSIGN(sim::LoadedModule * loaded, loadPtx(simulator, options.file));
  const sim::Module &module = simulator.module(*loaded);
  std::vector<Kernel> kernels;
  for (const std::string &name : simulator.kernels(*loaded)) {
    auto info = simulator.kernel(*loaded, name);
    kernels.push_back({module.function(name),
                       info.ok() ? std::move(*info) : sim::KernelInfo{},
                       info.ok() ? "" : std::string(info.status().message())});
  }
  if (options.json)
    return writeStandardOutput(jsonOf(module, kernels));
  std::string text = fmt::format("{}: PTX {}, target {}\n", module.file,
                                 versionText(module.version), module.target);
  for (const std::string &note : module.notes)
    text += fmt::format("note: {}\n", note);
  for (const Kernel &kernel : kernels)
    text += textOf(kernel);
  if (kernels.empty())
    text += "no kernels\n";
  return writeStandardOutput(text);
}

constexpr const char *examples = R"(Examples:
  sluice-ptxsim list gemm.ptx
  sluice-ptxsim list gemm.ptx --json)";

} // namespace

void addList(CLI::App &app, Action &action) {
  auto options = std::make_shared<Options>();
  CLI::App *verb = app.add_subcommand("list", "Show the kernels of a PTX file");
  verb->footer(examples);
  verb->add_option("FILE", options->file, "PTX text")
      ->required()
      ->type_name("");
  verb->add_flag("--json", options->json, "print JSON");
  verb->callback(
      [options, &action] { action = [options] { return list(*options); }; });
}

} // namespace sluice::ptxsim
