#include "codegen/plan/PlanAssembler.h"
#include "codegen/plan/TargetFeatures.h"

#include <limits>

using namespace mlir;
using namespace mlir::sluice;
namespace fb = ::sluice::fb;

namespace {
/// Reads plan.model, noting the first thing that is missing.
class ModelReader {
public:
  ModelReader(ModuleOp module)
      : module(module),
        model(module->getAttrOfType<DictionaryAttr>("plan.model")) {
    if (!model)
      complain("expected the module to have the dictionary plan.model");
  }

  std::string text(StringRef key) {
    auto value = lookUp<StringAttr>(key, "a string");
    return value ? value.str() : std::string();
  }

  template <typename T> T integer(StringRef key) {
    auto value = lookUp<IntegerAttr>(key, "an integer");
    if (!value)
      return 0;
    APInt number = value.getValue();
    int64_t small = number.getSExtValue();
    if (number.getSignificantBits() > 64 ||
        small < static_cast<int64_t>(std::numeric_limits<T>::min()) ||
        static_cast<__int128>(small) > std::numeric_limits<T>::max())
      complain("expected plan.model to have a smaller \"" + key +
               "\", its value does not fit");
    return static_cast<T>(small);
  }

  DictionaryAttr dictionary(StringRef key) {
    return lookUp<DictionaryAttr>(key, "a dictionary");
  }

  void complain(const Twine &what) {
    if (!failed)
      module.emitError(what);
    failed = true;
  }
  bool hasFailed() const { return failed; }

private:
  template <typename Attr> Attr lookUp(StringRef key, StringRef kind) {
    if (!model)
      return {};
    auto value = model.getAs<Attr>(key);
    if (!value)
      complain("expected plan.model to have " + kind + " \"" + key + "\"");
    return value;
  }

  ModuleOp module;
  DictionaryAttr model;
  bool failed = false;
};
} // namespace

FailureOr<flatbuffers::Offset<fb::Model>> PlanAssembler::writeModel() {
  ModelReader model(module);
  std::string architecture = model.text("architecture");
  std::string identity = model.text("identity");
  auto vocabulary = model.integer<uint32_t>("vocabulary");
  auto maxContext = model.integer<int64_t>("max_context");
  auto pageMultiple = model.integer<int64_t>("page_multiple");
  auto bos = model.integer<int32_t>("bos");
  auto eos = model.integer<int32_t>("eos");
  std::vector<std::pair<std::string, std::string>> fields;
  if (DictionaryAttr config = model.dictionary("config"))
    for (NamedAttribute field : config) {
      auto value = dyn_cast<StringAttr>(field.getValue());
      if (!value) {
        model.complain("expected the config field \"" +
                       field.getName().getValue() +
                       "\" of plan.model to be a string, its JSON");
        break;
      }
      fields.emplace_back(field.getName().str(), value.str());
    }
  if (model.hasFailed())
    return failure();
  llvm::sort(fields);
  Tables<fb::ConfigField> config;
  for (const auto &[key, value] : fields)
    config.push_back(
        fb::CreateConfigFieldDirect(builder, key.c_str(), value.c_str()));
  return fb::CreateModelDirect(builder, architecture.c_str(), &config,
                               identity.c_str(), vocabulary, maxContext,
                               pageMultiple, bos, eos);
}

LogicalResult PlanAssembler::writeTargets(ArrayRef<uint32_t> imageSections,
                                          ArrayRef<uint32_t> cubinSections) {
  if (parts.targets.empty())
    return module.emitError("a plan needs at least one target");
  for (auto [target, section, cubin] :
       llvm::zip_equal(parts.targets, imageSections, cubinSections)) {
    std::optional<ArrayRef<StringRef>> known;
    if (target.isGpu())
      known.emplace(); // the processor's name says it all
    else
      known = targetFeatures(target.name);
    if (!known)
      return module.emitError("expected a CPU target x86-64-v3 or x86-64-v4, "
                              "got \"")
             << target.name << "\"";
    if (!targetNumber.try_emplace(target.name, targets.size()).second)
      return module.emitError("expected each target once, got \"")
             << target.name << "\" twice";
    Tables<flatbuffers::String> features;
    for (StringRef feature : *known)
      features.push_back(builder.CreateString(feature.data(), feature.size()));
    targets.push_back(fb::CreateTargetDirect(
        builder, target.name.c_str(),
        target.isGpu() ? fb::TargetKind::Cuda : fb::TargetKind::Cpu, &features,
        section, cubin));
  }
  return success();
}
