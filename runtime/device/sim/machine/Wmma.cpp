#include "runtime/device/sim/numerics/Wmma.h"

#include "runtime/device/sim/machine/Collective.h"
#include "runtime/device/sim/machine/Matrix.h"
#include "runtime/device/sim/machine/MemoryEvents.h"
#include "runtime/device/sim/machine/MemoryOperands.h"

#include <cstring>
#include <fmt/format.h>

namespace sluice::sim {
namespace {

struct FragmentPlan {
  WmmaFragment fragment;
  int lines;      // rows, or columns of .col
  int lineLength; // elements
  int elementBytes;
  bool turned;    // .col
  bool hasStride; // in Instruction::c, of elements
  static constexpr int kMostBytes = 32 * 32 * 4;
};

/// Fills places.addresses: line l of the matrix is lane l's.
LaneMask placeLines(Warp &w, const Instruction &i, const FragmentPlan &plan,
                    LaneMask mask, Places &places) {
  int first = std::countr_zero(mask);
  uint64_t base = static_cast<uint64_t>(i.offset);
  if (i.addressBase == AddressBase::Register32)
    base += w.lanes<uint32_t>(i.base)[first];
  else if (i.addressBase == AddressBase::Register64)
    base += w.lanes<uint64_t>(i.base)[first];
  uint64_t stride = plan.hasStride ? w.lanes<uint32_t>(i.c)[first]
                                   : static_cast<uint64_t>(plan.lineLength);
  for (int line = 0; line < kWarpLanes; ++line)
    places.addresses[line] =
        base + static_cast<uint64_t>(line < plan.lines ? line : 0) * stride *
                   static_cast<uint64_t>(plan.elementBytes);
  return plan.lines == kWarpLanes ? kAllLanes : (LaneMask{1} << plan.lines) - 1;
}

/// The matrix, row by row, from its lines, or back.
void copyLine(const FragmentPlan &plan, int line, std::byte *memory,
              std::byte *matrix, bool load) {
  auto bytes = static_cast<size_t>(plan.elementBytes);
  for (int k = 0; k < plan.lineLength; ++k) {
    int row = plan.turned ? k : line;
    int column = plan.turned ? line : k;
    std::byte *element =
        matrix +
        static_cast<size_t>(row * plan.fragment.columns() + column) * bytes;
    std::byte *place = memory + static_cast<size_t>(k) * bytes;
    std::memcpy(load ? element : place, load ? place : element, bytes);
  }
}

void runWmmaLoad(Warp &w, const Instruction &i, LaneMask mask) {
  checkAligned(w, i, mask);
  const auto &plan = *static_cast<const FragmentPlan *>(i.payload.data);
  alignas(64) std::byte matrix[FragmentPlan::kMostBytes];
  std::memset(matrix, 0xff, sizeof matrix);
  Places places;
  LaneMask lines = placeLines(w, i, plan, mask, places);
  auto bytes = static_cast<uint32_t>(plan.lineLength * plan.elementBytes);
  LaneMask tainted = 0;
  forEachPieceAt(w, i, i.space, lines, {Access::Load, bytes, 16}, places,
                 [&](const Places &found) {
                   for (LaneMask rest = found.lanes; rest != 0;
                        rest &= rest - 1) {
                     int line = std::countr_zero(rest);
                     copyLine(plan, line, found.at(line), matrix, true);
                   }
                   if (w.launch->checked)
                     tainted |= loaded(w, i, found);
                 });
  const uint32_t *list = w.launch->program->operands.data() + i.list;
  void *registers[16];
  for (uint32_t k = 0; k < i.listCount; ++k) {
    registers[k] = w.registers + list[k];
    for (uint32_t unit = 0; unit < 2 && w.tracksTaint(); ++unit)
      w.setTaint(list[k] / kUnit + unit, tainted != 0 ? kAllLanes : 0,
                 kAllLanes);
  }
  wmmaFromMatrix(plan.fragment, matrix, registers);
}

void runWmmaStore(Warp &w, const Instruction &i, LaneMask mask) {
  checkAligned(w, i, mask);
  const auto &plan = *static_cast<const FragmentPlan *>(i.payload.data);
  alignas(64) std::byte matrix[FragmentPlan::kMostBytes];
  const uint32_t *list = w.launch->program->operands.data() + i.list;
  const void *registers[16];
  for (uint32_t k = 0; k < i.listCount; ++k)
    registers[k] = w.registers + list[k];
  wmmaToMatrix(plan.fragment, registers, matrix);
  Places places;
  LaneMask lines = placeLines(w, i, plan, mask, places);
  auto bytes = static_cast<uint32_t>(plan.lineLength * plan.elementBytes);
  forEachPieceAt(w, i, i.space, lines, {Access::Store, bytes, 16}, places,
                 [&](const Places &found) {
                   for (LaneMask rest = found.lanes; rest != 0;
                        rest &= rest - 1) {
                     int line = std::countr_zero(rest);
                     copyLine(plan, line, found.at(line), matrix, false);
                   }
                   if (w.launch->checked)
                     stored(w, i, found);
                 });
}

bool bindFragment(Binder &b, size_t vector, WmmaOperand operand) {
  if (!bindSpace(b))
    return false;
  MmaForm form{};
  readMatrixShape(b, form);
  FragmentPlan plan{};
  plan.fragment = {operand, *matrixElement(b.type()), form.m, form.n, form.k};
  plan.turned = b.has("col");
  plan.lines = plan.turned ? plan.fragment.columns() : plan.fragment.rows();
  plan.lineLength =
      plan.turned ? plan.fragment.rows() : plan.fragment.columns();
  plan.elementBytes = typeBits(b.type()) / 8;
  const BoundOperand &stride = b.operand(2);
  plan.hasStride = stride.present;
  b.out.c = stride.present ? stride.offset : 0;
  const BoundOperand &list = b.operand(vector);
  auto wanted = static_cast<size_t>(plan.fragment.registers());
  if (list.list.size() != wanted)
    return b.fail(fmt::format("expected {} registers, found {}", wanted,
                              list.list.size()));
  for (int bits : list.listBits)
    if (bits != 32)
      return b.fail("expected registers of 32 bits");
  b.setList(list.list);
  b.out.bytes = static_cast<uint8_t>(plan.lineLength * plan.elementBytes);
  b.out.count = 1;
  b.out.ownTaint = true;
  b.out.payload.data = b.keep(plan);
  return true;
}

} // namespace

bool bindWmmaLoad(Binder &b) {
  b.use(&runWmmaLoad);
  WmmaOperand operand = b.has("a")   ? WmmaOperand::A
                        : b.has("b") ? WmmaOperand::B
                                     : WmmaOperand::Accumulator;
  return bindFragment(b, 0, operand);
}

bool bindWmmaStore(Binder &b) {
  b.use(&runWmmaStore);
  return bindFragment(b, 1, WmmaOperand::Accumulator);
}

} // namespace sluice::sim
