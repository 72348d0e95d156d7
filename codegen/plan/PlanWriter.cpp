#include "codegen/plan/PlanWriter.h"

#include "codegen/plan/Container.h"
#include "codegen/plan/PlanAssembler.h"

using namespace mlir;
using namespace mlir::sluice;
namespace fb = ::sluice::fb;
using ::sluice::SectionKind;

FailureOr<std::vector<uint8_t>>
PlanAssembler::run(ArrayRef<uint32_t> imageSections,
                   ArrayRef<uint32_t> cubinSections) {
  FailureOr<flatbuffers::Offset<fb::Model>> model = writeModel();
  if (failed(model) || failed(writeTargets(imageSections, cubinSections)) ||
      failed(collectVariants()) || failed(collectInputs()))
    return failure();
  Block &body = entry.getBody().front();
  for (auto launch : body.getOps<plan::LaunchOp>())
    if (failed(writeLaunch(launch)))
      return failure();
  if (launches.empty())
    return entry.emitError("expected at least one plan.launch in the entry");
  for (auto output : body.getOps<plan::OutputOp>())
    if (failed(writeOutput(output)))
      return failure();
  if (anyPaged) {
    using plan::ExprAttr, plan::ExprOp, plan::Symbol;
    MLIRContext *context = module.getContext();
    ExprAttr pages = ExprAttr::binary(
        ExprOp::Mul, ExprAttr::symbol(context, Symbol::Slots),
        ExprAttr::binary(ExprOp::CeilDiv,
                         ExprAttr::symbol(context, Symbol::MaxN),
                         ExprAttr::symbol(context, Symbol::P)));
    inputs.push_back(
        fb::CreateInputDirect(builder, "pages", exprs.index(pages)));
  }
  std::vector<fb::Buffer> bufferStructs;
  for (const BufferRecord &buffer : buffers)
    bufferStructs.emplace_back(buffer.bytes, buffer.first, buffer.last);

  auto mode = builder.CreateString(parts.mode);
  auto symbolVector = ExprPool::writeSymbols(builder);
  auto exprVector = exprs.write(builder);
  auto stackVector = builder.CreateVector(stacks);
  auto stateVector = builder.CreateVector(states);
  auto inputVector = builder.CreateVector(inputs);
  auto bufferVector = builder.CreateVectorOfStructs(bufferStructs);
  auto outputVector = builder.CreateVector(outputs);
  auto launchVector = builder.CreateVectorOfStructs(launches);
  auto kernelVector = builder.CreateVector(kernels);
  auto targetVector = builder.CreateVector(targets);
  auto codeVector = builder.CreateVector(code);
  auto argVector = builder.CreateVectorOfStructs(args);
  builder.Finish(fb::CreatePlan(builder, *model, mode, symbolVector, exprVector,
                                stackVector, stateVector, inputVector,
                                bufferVector, outputVector, launchVector,
                                kernelVector, targetVector, codeVector,
                                argVector),
                 fb::PlanIdentifier());
  return std::vector<uint8_t>(builder.GetBufferPointer(),
                              builder.GetBufferPointer() + builder.GetSize());
}

static FailureOr<func::FuncOp> findEntry(ModuleOp module) {
  for (auto function : module.getOps<func::FuncOp>())
    if (function->hasAttr("plan.entry") && function.getBody().hasOneBlock())
      return function;
  return module.emitError(
      "expected a function of one block with the attribute plan.entry");
}

static std::vector<uint8_t> bytesOf(StringRef text) {
  return {text.bytes_begin(), text.bytes_end()};
}

FailureOr<std::vector<uint8_t>>
mlir::sluice::writePlan(ModuleOp module, const PlanParts &parts) {
  FailureOr<func::FuncOp> entry = findEntry(module);
  if (failed(entry))
    return failure();
  // Section 0 is the plan, which names the sections of the images; equal images
  // are stored once.
  SmallVector<uint32_t> imageSections;
  SmallVector<const PlanTarget *> images;
  for (const PlanTarget &target : parts.targets) {
    auto *same = llvm::find_if(images, [&](const PlanTarget *other) {
      return other->bytes() == target.bytes();
    });
    imageSections.push_back(1 + (same - images.begin()));
    if (same == images.end())
      images.push_back(&target);
  }
  SmallVector<uint32_t> cubinSections; // behind all images
  SmallVector<StringRef> cubins;
  for (const PlanTarget &target : parts.targets) {
    cubinSections.push_back(
        target.cubin.empty() ? 0 : 1 + images.size() + cubins.size());
    if (!target.cubin.empty())
      cubins.push_back(target.cubin);
  }
  PlanAssembler assembler(module, *entry, parts);
  FailureOr<std::vector<uint8_t>> plan =
      assembler.run(imageSections, cubinSections);
  if (failed(plan))
    return failure();

  ::sluice::ContainerWriter container;
  container.add(SectionKind::Plan, std::move(*plan));
  for (const PlanTarget *image : images)
    container.add(image->isGpu() ? SectionKind::Ptx : SectionKind::CpuImage,
                  bytesOf(image->bytes()));
  for (StringRef cubin : cubins)
    container.add(SectionKind::Cubin, bytesOf(cubin));
  if (!parts.tokenizer.empty())
    container.add(SectionKind::Tokenizer, parts.tokenizer);
  if (!parts.provenance.empty())
    container.add(SectionKind::Provenance, bytesOf(parts.provenance));
  ::sluice::Result<std::vector<uint8_t>> bytes = container.bytes();
  if (!bytes.ok())
    return module.emitError(bytes.status().message());
  return std::move(*bytes);
}
