#pragma once

#include "runtime/device/sim/program/Binder.h"
#include "runtime/device/sim/program/Frames.h"

namespace sluice::sim {

/// Resolves the operands of one statement for its Binder, as its row says.
class OperandBinder {
public:
  OperandBinder(Frames &frames, const Frame &frame, const Module &module,
                Binder &binder)
      : frames(frames), frame(frame), module(module), binder(binder) {}

  /// Errors: BadInput, without a place.
  Status run();
  /// Lists the 64-byte units read and written, for taint.
  void recordTaint();

private:
  uint8_t taintPart() const;
  Status bind(const OperandSpec &spec, const Operand &operand,
              BoundOperand &bound);
  Status bindRegister(const Operand &operand, int bits, bool destination,
                      uint32_t &offset, int &registerBits);
  Status bindSource(const OperandSpec &spec, const Operand &operand, int bits,
                    BoundOperand &bound);
  Status bindSpecial(std::string_view name, BoundOperand &bound);
  Status bindVector(const OperandSpec &spec, const Operand &operand, int bits,
                    BoundOperand &bound);
  Status bindPredicate(const Operand &operand, bool destination,
                       uint32_t &offset);
  Status bindAddress(const Operand &operand);
  Status bindLabel(const Operand &operand);
  Status bindTable(const Operand &operand);
  Status bindCall();
  Status bindIndirect(const Operand &address,
                      const std::vector<Operand> &results,
                      const std::vector<Operand> &arguments);
  Result<CallPlan> planOf(const Frame &callee,
                          const std::vector<Operand> &results,
                          const std::vector<Operand> &arguments);
  Status bindBuiltin(CallKind builtin, const std::vector<Operand> &results,
                     const std::vector<Operand> &arguments);
  Result<uint64_t> placeOf(const Operand &operand, uint64_t bytes);
  Result<CallPlan::Copy> copyOf(const Operand &operand,
                                const Variable &parameter, bool toCallee);
  void assign(const OperandSpec &spec, const BoundOperand &bound);
  int widthOf(const OperandSpec &spec) const;
  void use(uint32_t offset, int bits);
  void define(uint32_t offset, int bits);

  Frames &frames;
  const Frame &frame;
  const Module &module;
  Binder &binder;
  int sources = 0; // assigned to a, b, c so far
  std::vector<uint32_t> useUnits, defUnits;
};

} // namespace sluice::sim
