#include "tools/compiler/Compiler.h"

#include "codegen/cpu/CpuImage.h"
#include "codegen/nvptx/EmitPtx.h"
#include "codegen/nvptx/PtxTarget.h"
#include "codegen/nvptx/Ptxas.h"
#include "codegen/plan/PlanWriter.h"
#include "codegen/plan/TargetFeatures.h"
#include "dialects/AllDialects.h"
#include "dialects/plan/PlanDialect.h"
#include "frontend/config/ModelConfig.h"
#include "frontend/importer/Importer.h"
#include "frontend/tokenizer/TokenizerBuilder.h"
#include "passes/pipelines/Pipelines.h"
#include "runtime/base/FileWriter.h"
#include "runtime/base/MappedFile.h"
#include "runtime/base/Quote.h"
#include "runtime/weights/Checkpoint.h"
#include "runtime/weights/Identity.h"
#include "tools/compiler/Stages.h"
#include "tools/compiler/UsedTensors.h"
#include "tools/driver/Interrupt.h"

#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Config/llvm-config.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/ThreadPool.h"
#include "llvm/Support/raw_ostream.h"

#include <fmt/format.h>

using namespace mlir;
using namespace mlir::sluice;
using ::sluice::Status;
using ::sluice::StatusCode;

static constexpr size_t mostTokenizerBytes = size_t(256) << 20;

/// Errors of passes and importer as one message, a line each; warnings are
/// printed at once.
namespace {
class Diagnostics {
public:
  explicit Diagnostics(MLIRContext *context)
      : handler(context, [this](Diagnostic &diagnostic) { take(diagnostic); }) {
  }

  /// What went wrong since the last call, as a `code`.
  Status failure(StatusCode code, const char *otherwise) {
    std::string text = std::move(errors);
    errors.clear();
    return {code, text.empty() ? otherwise : text};
  }

private:
  void take(Diagnostic &diagnostic) {
    if (diagnostic.getSeverity() == DiagnosticSeverity::Warning) {
      llvm::errs() << "sluice-compile: warning: " << diagnostic.str() << '\n';
      return;
    }
    if (diagnostic.getSeverity() != DiagnosticSeverity::Error)
      return;
    errors += (errors.empty() ? "" : "\n") + diagnostic.str();
    for (Diagnostic &note : diagnostic.getNotes())
      errors += "\n  " + note.str();
  }

  std::string errors;
  ScopedDiagnosticHandler handler;
};

/// One compilation, from checked options to bytes.
class Compilation {
public:
  explicit Compilation(const CompileOptions &options)
      : options(options), log(options), pool(strategy()),
        context(registry(), MLIRContext::Threading::DISABLED),
        diagnostics(&context) {
    context.printOpOnDiagnostic(false); // whole functions, in a sentence
    if (options.threads != 1)
      context.setThreadPool(pool);
  }

  Status run();

private:
  static DialectRegistry registry() {
    DialectRegistry result;
    registerAllDialects(result);
    return result;
  }
  llvm::ThreadPoolStrategy strategy() const {
    return llvm::hardware_concurrency(options.threads);
  }
  std::string inModel(const char *file) const {
    return options.model + "/" + file;
  }

  Status import();
  Status checkKept();
  Status runPasses();
  void setIdentity();
  Status generateCode();
  Status makeCubins();
  Status makeTokenizer();
  Status writePlanFiles();
  Status writeBoth(std::string_view plan) const;
  std::string provenance() const;

  const CompileOptions &options;
  StageLog log;
  llvm::DefaultThreadPool pool;
  MLIRContext context;
  Diagnostics diagnostics;
  ::sluice::ModelConfig config;
  ::sluice::Checkpoint checkpoint;
  OwningOpRef<ModuleOp> module;
  PlanParts parts;
};
} // namespace

Status Compilation::import() {
  SLUICE_ASSIGN(auto text, ::sluice::MappedFile::open(inModel("config.json")));
  SLUICE_ASSIGN(config,
                ::sluice::readModelConfig(text.text(), inModel("config.json")));
  SLUICE_ASSIGN(checkpoint, ::sluice::Checkpoint::open(options.model));
  FailureOr<OwningOpRef<ModuleOp>> imported =
      importModel(&context, config, checkpoint);
  if (failed(imported))
    return diagnostics.failure(StatusCode::BadInput,
                               "the model could not be imported");
  module = *std::move(imported);
  log.finish(Stage::Frontend, *module);
  return checkKept();
}

/// Whether every name of --keep is one the model has.
Status Compilation::checkKept() {
  SetVector<StringRef> known;
  module->walk([&](plan::ProbeOp probe) {
    known.insert(probe.getName().split('.').first);
  });
  SmallVector<StringRef> names;
  StringRef(options.keep).split(names, ',', -1, /*KeepEmpty=*/false);
  for (StringRef name : names)
    if (!known.contains(name.trim()))
      return ::sluice::invalidArgument(fmt::format(
          "expected --keep with {}, found {}", llvm::join(known, " or "),
          ::sluice::inQuotes(name.str())));
  return {};
}

Status Compilation::runPasses() {
  if (options.stopAfter == Stage::Frontend)
    return {};
  PassManager manager(&context);
  manager.enableVerifier(options.verifyEach);
  manager.addInstrumentation(watchStages(log));
  PipelineOptions pipeline;
  pipeline.keep = options.keep;
  pipeline.targets = options.targets;
  pipeline.numerics = options.numerics;
  pipeline.fusions = llvm::cantFail(selectFusions(options.fuse)); // checked
  pipeline.stopAfter = stageName(options.stopAfter).str();
  buildPipeline(manager, pipeline);
  if (failed(manager.run(*module)) ||
      (!options.verifyEach && failed(mlir::verify(*module))))
    return diagnostics.failure(StatusCode::Incompatible,
                               "the model could not be compiled");
  if (options.stopAfter == Stage::Fuse)
    log.finish(Stage::Fuse, *module);
  if (options.stopAfter >= Stage::Lower)
    log.finish(Stage::Lower, *module);
  return {};
}

/// A pass may have left weights without a use. A plan names those that are
/// used, and a run can ask for no others.
void Compilation::setIdentity() {
  NamedAttrList model((*module)->getAttrOfType<DictionaryAttr>("plan.model"));
  std::string identity =
      ::sluice::modelIdentity(usedTensors(*module, checkpoint), config.fields)
          .hex();
  model.set("identity", StringAttr::get(&context, identity));
  (*module)->setAttr("plan.model", model.getDictionary(&context));
}

Status Compilation::makeTokenizer() {
  std::string path = inModel("tokenizer.json");
  if (!llvm::sys::fs::exists(path))
    return {}; // a plan for token ids
  SLUICE_ASSIGN(auto file, ::sluice::MappedFile::open(path));
  if (file.size() > mostTokenizerBytes)
    return ::sluice::badInput(
        fmt::format("{}: expected at most {} bytes, found {}", path,
                    mostTokenizerBytes, file.size()));
  SLUICE_ASSIGN(std::string tables,
                ::sluice::buildTokenizerTables(std::string(file.text()), path));
  parts.tokenizer.assign(tables.begin(), tables.end());
  return {};
}

Status Compilation::makeCubins() {
  SLUICE_ASSIGN(std::string ptxas, findPtxas());
  std::vector<PtxText> texts;
  std::vector<PlanTarget *> gpus;
  for (PlanTarget &target : parts.targets)
    if (target.isGpu()) {
      texts.push_back({target.name, target.ptx});
      gpus.push_back(&target);
    }
  SLUICE_ASSIGN(std::vector<std::string> cubins,
                assembleCubins(ptxas, texts, options.threads,
                               [&](const std::string &target) {
                                 log.say("cubin of " + target);
                               }));
  for (auto [gpu, cubin] : llvm::zip_equal(gpus, cubins))
    gpu->cubin = std::move(cubin);
  return {};
}

Status Compilation::generateCode() {
  for (const std::string &target : options.targets) {
    if (findPtxTarget(target)) {
      FailureOr<std::string> ptx = emitPtx(*module, target);
      if (failed(ptx))
        return diagnostics.failure(StatusCode::Incompatible,
                                   "no PTX could be made of the model");
      parts.targets.push_back({target, {}, *std::move(ptx), {}});
      continue;
    }
    FailureOr<CpuImage> image = emitCpuImage(*module, target);
    if (failed(image))
      return diagnostics.failure(StatusCode::Incompatible,
                                 "no machine code could be made of the model");
    parts.targets.push_back({target, *std::move(image), {}, {}});
  }
  if (options.cubin)
    SLUICE_TRY(makeCubins());
  log.finish(Stage::Codegen, *module);
  return {};
}

/// Nothing that depends on the machine, the folder or the day: the same model
/// and flags give the same plan.
std::string Compilation::provenance() const {
  llvm::json::Object object{{"compiler", "sluice-compile " SLUICE_VERSION},
                            {"llvm", LLVM_VERSION_STRING},
                            {"keep", options.keep},
                            {"numerics", options.numerics},
                            {"fuse", options.fuse},
                            {"targets", llvm::json::Array(options.targets)}};
  std::string text;
  llvm::raw_string_ostream(text) << llvm::json::Value(std::move(object));
  return text;
}

/// `plan` and, beside it, the path of the model: both or neither.
Status Compilation::writeBoth(std::string_view plan) const {
  using ::sluice::FileWriter;
  SmallString<256> directory;
  if (llvm::sys::fs::real_path(options.model, directory))
    return ::sluice::badInput(
        fmt::format("{}: the folder has no absolute path", options.model));
  // Whatever fails, most likely a full disk, fails before the first commit.
  ::sluice::watchInterrupts();
  SLUICE_ASSIGN(FileWriter planFile, FileWriter::create(options.output));
  SLUICE_TRY(planFile.write(plan));
  bool isDevice = llvm::sys::fs::exists(options.output) &&
                  !llvm::sys::fs::is_regular_file(options.output);
  if (isDevice) // a pipe has no "beside"
    return planFile.commit();
  std::string modelPath = options.output + ".model";
  bool isNew = !llvm::sys::fs::exists(modelPath);
  SLUICE_ASSIGN(FileWriter modelFile, FileWriter::create(modelPath));
  SLUICE_TRY(modelFile.write((directory.str() + "\n").str()));
  if (::sluice::interrupted()) // from here on both come, or neither
    return Status(StatusCode::Failed, "interrupted");
  SLUICE_TRY(modelFile.commit());
  Status status = planFile.commit();
  if (!status.ok() && isNew) {
    // The first failure is the one to report.
    [[maybe_unused]] std::error_code left = llvm::sys::fs::remove(modelPath);
  }
  return status;
}

Status Compilation::writePlanFiles() {
  setIdentity();
  parts.provenance = provenance();
  parts.mode = options.numerics;
  FailureOr<std::vector<uint8_t>> bytes = writePlan(*module, parts);
  if (failed(bytes))
    return diagnostics.failure(StatusCode::Incompatible,
                               "the plan could not be made");
  SLUICE_TRY(writeBoth(
      {reinterpret_cast<const char *>(bytes->data()), bytes->size()}));
  log.finish(Stage::Plan, *module);
  return {};
}

Status Compilation::run() {
  SLUICE_TRY(import());
  if (options.stopAfter == Stage::Plan)
    SLUICE_TRY(makeTokenizer()); // before what takes long
  SLUICE_TRY(runPasses());
  SLUICE_TRY(log.status());
  if (options.stopAfter >= Stage::Codegen)
    SLUICE_TRY(generateCode());
  if (options.stopAfter != Stage::Plan)
    return ::sluice::writeFile(options.output == "-" ? "/dev/stdout"
                                                     : options.output,
                               irText(*module));
  return writePlanFiles();
}

Status mlir::sluice::compile(const CompileOptions &options) {
  SLUICE_TRY(checkCompile(options));
  return Compilation(options).run();
}
