#include "runtime/device/sim/machine/Matrix.h"

#include "runtime/device/sim/machine/Collective.h"
#include "runtime/device/sim/machine/MemoryEvents.h"
#include "runtime/device/sim/machine/MemoryOperands.h"
#include "runtime/device/sim/numerics/Fragments.h"

#include <cstring>
#include <fmt/format.h>

namespace sluice::sim {
std::optional<NumberType> matrixElement(Type type) {
  switch (type) {
  case Type::F16:
    return NumberType::F16;
  case Type::Bf16:
    return NumberType::Bf16;
  case Type::Tf32:
    return NumberType::Tf32;
  case Type::F32:
    return NumberType::F32;
  case Type::F64:
    return NumberType::F64;
  case Type::E4m3:
    return NumberType::E4m3;
  case Type::E5m2:
    return NumberType::E5m2;
  case Type::U8:
    return NumberType::U8;
  case Type::S8:
    return NumberType::S8;
  case Type::S32:
    return NumberType::S32;
  default:
    return std::nullopt;
  }
}

void readMatrixShape(const Binder &b, MmaForm &form) {
  for (const Modifier &modifier : b.statement.modifiers) {
    std::string_view word = modifier.word;
    if (word.front() != 'm' || word.size() < 5 || word[1] < '0' ||
        word[1] > '9')
      continue;
    int *into = nullptr;
    for (char c : word) {
      if (c == 'm' || c == 'n' || c == 'k') {
        into = c == 'm' ? &form.m : c == 'n' ? &form.n : &form.k;
        *into = 0;
      } else {
        *into = *into * 10 + (c - '0');
      }
    }
  }
}

namespace {

/// Registers that are not initialised, tile by tile: a tile of A makes 8 rows
/// of D suspect, one of B 8 columns, and C only its own places.
void propagateMatrixTaint(Warp &w, const Instruction &i,
                          const MatrixPlan &plan) {
  const Mma &mma = plan.fast;
  const uint32_t *registers = w.launch->program->operands.data() + i.list;
  int countD = mma.dRegisters();
  int countA = mma.aRegisters();
  int countB = mma.bRegisters();
  const uint32_t *a = registers + countD;
  const uint32_t *b = a + countA;
  const uint32_t *c = b + countB;
  auto taintOf = [&](uint32_t offset) {
    return w.taintOf(offset, static_cast<uint32_t>(plan.units) * 2);
  };
  auto setAll = [&](int k, LaneMask suspect) {
    for (int unit = 0; unit < plan.units; ++unit)
      w.setTaint(registers[k] / kUnit + static_cast<uint32_t>(unit), suspect,
                 kAllLanes);
  };
  LaneMask any = 0; // most often there is none
  for (int k = 0; k < countA + countB + mma.cRegisters(); ++k)
    any |= taintOf(a[k]);
  if (any == 0) {
    for (int k = 0; k < countD; ++k)
      setAll(k, 0);
    return;
  }
  int rowTiles = plan.rowTiles;
  int depthTiles = countB / plan.columnTiles;
  LaneMask rows[4] = {};    // of each tile: quads that are suspect
  LaneMask columns[4] = {}; // lanes of D
  auto quads = [](LaneMask lanes) {
    LaneMask any = lanes | lanes >> 1 | lanes >> 2 | lanes >> 3;
    return (any & 0x11111111) * 15;
  };
  for (int k = 0; k < countA; ++k)
    rows[k % rowTiles] |= quads(taintOf(a[k]));
  for (int k = 0; k < countB; ++k) {
    LaneMask suspect = quads(taintOf(b[k])); // quad g: column g
    for (uint32_t lane = 0; lane < kWarpLanes; ++lane) {
      uint32_t column = lane % 4 * 2;
      if ((suspect >> (column * 4) & 0x11) != 0)
        columns[k / depthTiles] |= LaneMask{1} << lane;
    }
  }
  int perTile = countD / (rowTiles * plan.columnTiles);
  for (int k = 0; k < countD; ++k) {
    int tile = k / perTile;
    setAll(k, taintOf(c[k]) | rows[tile % rowTiles] | columns[tile / rowTiles]);
  }
}

void runMma(Warp &w, const Instruction &i, LaneMask mask) {
  checkAligned(w, i, mask);
  const auto &plan = *static_cast<const MatrixPlan *>(i.payload.data);
  const Mma &mma =
      w.launch->options.matrix == MatrixMode::Wide ? plan.wide : plan.fast;
  const uint32_t *list = w.launch->program->operands.data() + i.list;
  void *registers[64];
  for (uint32_t k = 0; k < i.listCount; ++k)
    registers[k] = w.registers + list[k];
  if (w.tracksTaint())
    propagateMatrixTaint(w, i, plan);
  void **a = registers + mma.dRegisters();
  void **b = a + mma.aRegisters();
  void **c = b + mma.bRegisters();
  mma.run(a, b, c, registers);
}

void runLdMatrix(Warp &w, const Instruction &i, LaneMask mask) {
  checkAligned(w, i, mask);
  const uint32_t *registers = w.launch->program->operands.data() + i.list;
  uint32_t matrices = i.listCount;
  // Lanes 8i to 8i + 7 point at the rows of matrix i.
  LaneMask givers =
      matrices == 4 ? kAllLanes : (LaneMask{1} << (8 * matrices)) - 1;
  alignas(64) std::byte rows[kWarpLanes * 16];
  LaneMask tainted = 0;
  LaneMask found = 0;
  forEachPiece(w, i, AddressOperand::of(i), givers, {Access::Load, 16, 16},
               [&](const Places &places) {
                 forLanes(places.lanes, [&](int lane) {
                   std::memcpy(rows + lane * 16, places.at(lane), 16);
                 });
                 found |= places.lanes;
                 if (w.launch->checked)
                   tainted |= loaded(w, i, places);
               });
  for (LaneMask rest = givers & ~found; rest != 0; rest &= rest - 1)
    std::memset(rows + std::countr_zero(rest) * 16, 0xff, 16);
  bool transposed = (i.options & 1) != 0;
  for (uint32_t k = 0; k < matrices; ++k) {
    distributeMatrix(rows + k * 128, transposed,
                     w.lanes<uint32_t>(registers[k]));
    if (!w.tracksTaint())
      continue;
    LaneMask lanes = 0;
    for (uint32_t row = 0; row < 8; ++row)
      if ((tainted >> (8 * k + row) & 1) != 0)
        lanes |= transposed ? LaneMask{0x11111111} << (row / 2)
                            : LaneMask{15} << (4 * row);
    for (uint32_t unit = 0; unit < 2; ++unit)
      w.setTaint(registers[k] / kUnit + unit, lanes, kAllLanes);
  }
}

void runStMatrix(Warp &w, const Instruction &i, LaneMask mask) {
  checkAligned(w, i, mask);
  const uint32_t *registers = w.launch->program->operands.data() + i.list;
  uint32_t matrices = i.listCount;
  LaneMask givers =
      matrices == 4 ? kAllLanes : (LaneMask{1} << (8 * matrices)) - 1;
  alignas(64) std::byte rows[kWarpLanes * 16];
  for (uint32_t k = 0; k < matrices; ++k)
    collectMatrix(w.lanes<uint32_t>(registers[k]), (i.options & 1) != 0,
                  rows + k * 128);
  forEachPiece(w, i, AddressOperand::of(i), givers, {Access::Store, 16, 16},
               [&](const Places &places) {
                 forLanes(places.lanes, [&](int lane) {
                   std::memcpy(places.at(lane), rows + lane * 16, 16);
                 });
                 if (w.launch->checked)
                   stored(w, i, places);
               });
}

bool bindMatrixMove(Binder &b, size_t vector) {
  if (!bindSpace(b))
    return false;
  size_t wanted = b.has("x1") ? 1 : b.has("x2") ? 2 : 4;
  const BoundOperand &list = b.operand(vector);
  if (list.list.size() != wanted)
    return b.fail(fmt::format("expected {} registers, found {}", wanted,
                              list.list.size()));
  for (int bits : list.listBits)
    if (bits != 32)
      return b.fail("expected registers of 32 bits");
  b.setList(list.list);
  b.out.bytes = 16;
  b.out.count = 1;
  b.out.ownTaint = true;
  b.out.options = b.has("trans") ? 1 : 0;
  return true;
}

/// The form in both modes becomes the instruction's plan.
bool useMatrix(Binder &b, MmaForm form, bool wmma, Type operandType) {
  auto fast = wmma ? Mma::wmma(form) : Mma::mma(form);
  if (!fast.ok())
    return b.fail(fast.status().message());
  form.mode = MmaMode::Wide;
  auto wide = wmma ? Mma::wmma(form) : Mma::mma(form);
  if (!wide.ok())
    return b.fail(wide.status().message());
  int counts[] = {fast->dRegisters(), fast->aRegisters(), fast->bRegisters(),
                  fast->cRegisters()};
  std::vector<uint32_t> registers;
  for (size_t k = 0; k < 4; ++k) {
    const BoundOperand &operand = b.operand(k);
    auto wanted = static_cast<size_t>(counts[k]);
    // f16 factors of wmma are 8 registers always, which repeat the first ones.
    bool repeats = wmma && form.a == NumberType::F16 && (k == 1 || k == 2);
    size_t given = repeats ? 8 : wanted;
    if (operand.list.size() != given)
      return b.fail(fmt::format("expected {} registers in operand {}, found {}",
                                given, k + 1, operand.list.size()));
    int bits = form.a == NumberType::F64 ? 64 : 32;
    for (size_t n = 0; n < wanted; ++n) {
      if (operand.listBits[n] != bits)
        return b.fail(fmt::format("expected registers of {} bits in operand "
                                  "{}, found {}",
                                  bits, k + 1, operand.listBits[n]));
      registers.push_back(operand.list[n]);
    }
  }
  b.setList(registers);
  b.program.matrixWork[b.out.index] = {
      std::string(typeName(operandType)),
      static_cast<uint64_t>(fast->operations())};
  b.useData(&runMma, b.keep(MatrixPlan{*fast, *wide, form.m / 8, form.n / 8,
                                       form.a == NumberType::F64 ? 4 : 2}));
  b.out.ownTaint = true;
  return true;
}

} // namespace

bool bindMma(Binder &b) {
  MmaForm form{};
  readMatrixShape(b, form);
  form.d = *matrixElement(b.type(0));
  form.a = *matrixElement(b.type(1));
  form.b = *matrixElement(b.type(2));
  form.c = *matrixElement(b.type(3));
  form.satfinite = b.has("satfinite");
  return useMatrix(b, form, false, b.type(1));
}

bool bindWmmaMma(Binder &b) {
  MmaForm form{};
  readMatrixShape(b, form);
  form.d = *matrixElement(b.type(0));
  bool f16 = b.typeCount() == 2; // d and c; a and b are f16
  form.a = f16 ? NumberType::F16 : *matrixElement(b.type(1));
  form.b = f16 ? NumberType::F16 : *matrixElement(b.type(2));
  form.c = *matrixElement(b.type(f16 ? 1 : 3));
  form.satfinite = b.has("satfinite");
  return useMatrix(b, form, true, f16 ? Type::F16 : b.type(1));
}

bool bindLdMatrix(Binder &b) {
  b.use(&runLdMatrix);
  return bindMatrixMove(b, 0);
}

bool bindStMatrix(Binder &b) {
  b.use(&runStMatrix);
  return bindMatrixMove(b, 1);
}

} // namespace sluice::sim
