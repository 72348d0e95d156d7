#pragma once

#include "codegen/plan/ExprPool.h"
#include "codegen/plan/PlanWriter.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/StringMap.h"

#include <optional>

namespace mlir::sluice {

/// Builds the flatbuffer of one plan. Used by writePlan only. Tables are
/// numbered as launches first need them, so nothing unused is written.
class PlanAssembler {
public:
  PlanAssembler(ModuleOp module, func::FuncOp entry, const PlanParts &parts)
      : module(module), entry(entry), parts(parts), symbols(module) {}

  /// The Plan section. `imageSections` is the container's section of each
  /// target's image, `cubinSections` that of its cubin, 0 if it has none.
  FailureOr<std::vector<uint8_t>> run(ArrayRef<uint32_t> imageSections,
                                      ArrayRef<uint32_t> cubinSections);

private:
  template <typename T> using Tables = std::vector<flatbuffers::Offset<T>>;
  struct BufferRecord {
    uint32_t bytes, first, last;
  };

  // PlanModel.cpp: what the plan says about the model and its targets.
  FailureOr<flatbuffers::Offset<::sluice::fb::Model>> writeModel();
  LogicalResult writeTargets(ArrayRef<uint32_t> imageSections,
                             ArrayRef<uint32_t> cubinSections);

  // PlanKernels.cpp: kernels, variants, code.
  FailureOr<uint32_t> kernelIndex(plan::LaunchOp launch);
  LogicalResult collectVariants();
  FailureOr<flatbuffers::Offset<::sluice::fb::Variant>>
  writeVariant(plan::VariantOp variant, uint32_t target);
  FailureOr<flatbuffers::Offset<::sluice::fb::Stage>>
  writeStage(plan::StageOp stage, uint32_t target);
  FailureOr<uint32_t> codeIndex(plan::StageOp stage, uint32_t target);
  static uint32_t wordsOf(plan::KernelOp kernel);

  // PlanLaunches.cpp: the schedule and the memory it names.
  LogicalResult collectInputs();
  LogicalResult writeLaunch(plan::LaunchOp launch);
  LogicalResult appendOperand(plan::LaunchOp launch, Value operand);
  LogicalResult appendBatch(plan::BatchOp batch);
  LogicalResult appendWeight(plan::WeightOp weight);
  LogicalResult appendHandle(plan::HandleOp handle);
  LogicalResult createBuffer(plan::LaunchOp launch, unsigned result);
  LogicalResult writeOutput(plan::OutputOp output);
  FailureOr<uint32_t> inputIndex(Operation *user, StringRef name);

  void append(::sluice::fb::ArgKind kind, uint32_t index, uint32_t layer = 0) {
    args.emplace_back(index, layer, kind);
  }
  uint32_t constant(int64_t value) {
    return exprs.index(module.getContext(), value);
  }

  ModuleOp module;
  func::FuncOp entry;
  const PlanParts &parts;
  SymbolTable symbols;
  flatbuffers::FlatBufferBuilder builder;
  ExprPool exprs;

  llvm::StringMap<uint32_t> targetNumber, inputNumber;
  DenseMap<Operation *, uint32_t> kernelNumber, stackNumber, stateNumber;
  DenseMap<Value, uint32_t> bufferNumber;
  DenseMap<Operation *, SmallVector<plan::VariantOp>> variantsOf; // by kernel
  DenseMap<std::pair<uint32_t, uint64_t>, uint32_t> codeNumber;   // of a CPU
  DenseMap<Attribute, uint32_t> entryNumber;                      // of a GPU

  std::vector<::sluice::fb::Arg> args; // of all launches so far
  std::vector<BufferRecord> buffers;
  bool anyPaged = false;

  Tables<::sluice::fb::Stack> stacks;
  Tables<::sluice::fb::State> states;
  Tables<::sluice::fb::Input> inputs;
  Tables<::sluice::fb::Output> outputs;
  std::vector<::sluice::fb::Launch> launches;
  Tables<::sluice::fb::Kernel> kernels;
  Tables<::sluice::fb::Target> targets;
  Tables<::sluice::fb::Code> code;
};

} // namespace mlir::sluice
