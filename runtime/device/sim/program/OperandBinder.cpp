#include "runtime/device/sim/program/OperandBinder.h"

#include <algorithm>
#include <bit>
#include <fmt/format.h>

namespace sluice::sim {
namespace {

bool isRelaxed(std::string_view name) {
  // Their registers may be wider than their type, PTX 9.4.1.
  return name == "ld" || name == "st" || name == "cvt" || name == "ldu";
}

/// An immediate as `bits` bits of a value of `type`.
uint64_t immediateBits(const Operand &operand, Type type, int bits) {
  uint64_t value = operand.bits;
  bool wantsDouble = type == Type::F64 || bits == 64;
  if (operand.kind == OperandKind::Float && !wantsDouble)
    value = std::bit_cast<uint32_t>(
        static_cast<float>(std::bit_cast<double>(value)));
  else if (operand.kind == OperandKind::Float32 && type == Type::F64)
    value = std::bit_cast<uint64_t>(static_cast<double>(
        std::bit_cast<float>(static_cast<uint32_t>(value))));
  return bits >= 64 ? value : value & ((uint64_t{1} << bits) - 1);
}

} // namespace

int OperandBinder::widthOf(const OperandSpec &spec) const {
  Type type = spec.fixed ? spec.type : binder.type(spec.typeIndex);
  return typeBits(type) * (spec.wide ? 2 : 1);
}

void OperandBinder::use(uint32_t offset, int bits) {
  for (int unit = 0; unit < std::max(bits / 16, 1); ++unit)
    useUnits.push_back(offset / kUnit + static_cast<uint32_t>(unit));
}

void OperandBinder::define(uint32_t offset, int bits) {
  for (int unit = 0; unit < std::max(bits / 16, 1); ++unit)
    defUnits.push_back(offset / kUnit + static_cast<uint32_t>(unit));
}

Status OperandBinder::bindRegister(const Operand &operand, int bits,
                                   bool destination, uint32_t &offset,
                                   int &registerBits) {
  const Register &reg = frame.function->registers[operand.index];
  registerBits = typeBits(reg.type);
  if (reg.type == Type::Pred)
    return badInput(fmt::format("expected a register of {} bits, found the "
                                "predicate {}",
                                bits, reg.spelling()));
  bool fits = registerBits == bits || bits == 0 ||
              (registerBits == 16 && bits == 8) ||
              (isRelaxed(binder.name()) && registerBits > bits);
  if (!fits)
    return badInput(fmt::format("expected a register of {} bits, found {} of "
                                "{}",
                                bits, reg.spelling(), registerBits));
  registerBits = std::max(registerBits, 16);
  offset = frames.registerOffset(frame, operand.index);
  if (destination)
    define(offset, registerBits);
  else
    use(offset, registerBits);
  return {};
}

Status OperandBinder::bindSpecial(std::string_view name, BoundOperand &bound) {
  struct Row {
    std::string_view name;
    SpecialRegister which;
  };
  using enum SpecialRegister;
  constexpr Row rows[] = {{"%tid.x", TidX},
                          {"%tid.y", TidY},
                          {"%tid.z", TidZ},
                          {"%ntid.x", NtidX},
                          {"%ntid.y", NtidY},
                          {"%ntid.z", NtidZ},
                          {"%ctaid.x", CtaidX},
                          {"%ctaid.y", CtaidY},
                          {"%ctaid.z", CtaidZ},
                          {"%nctaid.x", NctaidX},
                          {"%nctaid.y", NctaidY},
                          {"%nctaid.z", NctaidZ},
                          {"%laneid", LaneId},
                          {"%warpid", WarpId},
                          {"%nwarpid", NWarpId},
                          {"%smid", SmId},
                          {"%nsmid", NSmId},
                          {"%gridid", GridId},
                          {"%lanemask_eq", LaneMaskEq},
                          {"%lanemask_le", LaneMaskLe},
                          {"%lanemask_lt", LaneMaskLt},
                          {"%lanemask_ge", LaneMaskGe},
                          {"%lanemask_gt", LaneMaskGt},
                          {"%dynamic_smem_size", DynamicSharedBytes},
                          {"%total_smem_size", TotalSharedBytes},
                          {"%aggr_smem_size", AggregateSharedBytes},
                          {"%clock", Clock},
                          {"%clock_hi", Zero},
                          {"%clock64", Clock64},
                          {"%globaltimer", GlobalTimer},
                          {"%globaltimer_lo", GlobalTimer},
                          {"%globaltimer_hi", Zero},
                          {"%clusterid.x", CtaidX},
                          {"%clusterid.y", CtaidY},
                          {"%clusterid.z", CtaidZ},
                          {"%nclusterid.x", NctaidX},
                          {"%nclusterid.y", NctaidY},
                          {"%nclusterid.z", NctaidZ},
                          {"%cluster_ctarank", Zero},
                          {"%cluster_ctaid.x", Zero},
                          {"%cluster_ctaid.y", Zero},
                          {"%cluster_ctaid.z", Zero},
                          {"%cluster_nctarank", One},
                          {"%cluster_nctaid.x", One},
                          {"%cluster_nctaid.y", One},
                          {"%cluster_nctaid.z", One}};
  const auto *row =
      std::find_if(std::begin(rows), std::end(rows), [&](const Row &candidate) {
        return candidate.name == name;
      });
  if (row == std::end(rows))
    return badInput(fmt::format("{} is neither a declared register nor a "
                                "special register that is modelled",
                                name));
  bound.offset =
      frames.special(row->which, static_cast<uint8_t>(bound.bits / 8));
  return {};
}

Status OperandBinder::bindSource(const OperandSpec &spec,
                                 const Operand &operand, int bits,
                                 BoundOperand &bound) {
  bound.bits = std::max(bits, 16);
  auto bytes = static_cast<uint8_t>(bound.bits / 8);
  Type type = spec.fixed ? spec.type : binder.type(spec.typeIndex);
  switch (operand.kind) {
  case OperandKind::Register:
    return bindRegister(operand, bits, false, bound.offset, bound.bits);
  case OperandKind::Special:
    return bindSpecial(operand.name, bound);
  case OperandKind::Integer:
  case OperandKind::Float:
  case OperandKind::Float32:
    bound.immediate = true;
    bound.value = immediateBits(operand, type, bits);
    bound.offset = frames.constant(
        bytes, bound.value,
        bits == 128 && static_cast<int64_t>(bound.value) < 0 ? ~uint64_t{0}
                                                             : 0);
    return {};
  case OperandKind::Variable: {
    SLUICE_ASSIGN(uint64_t address, frames.address(*operand.variable));
    bound.immediate = true;
    bound.value = address + static_cast<uint64_t>(operand.number);
    if (bits == 32)
      bound.value &= 0xffffffff;
    bound.offset = frames.constant(bytes, bound.value);
    return {};
  }
  case OperandKind::Name: {
    SLUICE_ASSIGN(bound.value, frames.functionAddress(operand.name));
    bound.immediate = true;
    bound.offset = frames.constant(bytes, bound.value);
    return {};
  }
  default:
    return badInput("expected a register or a constant");
  }
}

Status OperandBinder::bindVector(const OperandSpec &spec,
                                 const Operand &operand, int bits,
                                 BoundOperand &bound) {
  bool destination = spec.kind == 'D' || spec.kind == 'V';
  bool isMov = binder.name() == "mov";
  std::vector<Operand> single{operand};
  const std::vector<Operand> &elements =
      operand.kind == OperandKind::Vector ? operand.elements : single;
  if (elements.empty())
    return badInput("expected at least one element in a vector");
  // mov's type is that of the whole vector.
  if (isMov && operand.kind == OperandKind::Vector)
    bits /= static_cast<int>(elements.size());
  if (spec.kind == 'V' || spec.kind == 'U')
    bits = 0; // the binder knows
  for (const Operand &element : elements) {
    BoundOperand one;
    if (element.kind == OperandKind::Sink && destination) {
      one.bits = std::max(bits, 16);
      bound.sink = true;
    } else if (destination) {
      if (element.kind != OperandKind::Register)
        return badInput("expected a register to write");
      SLUICE_TRY(bindRegister(element, bits, true, one.offset, one.bits));
    } else {
      int width = bits != 0 ? bits : 32;
      if (element.kind == OperandKind::Register)
        SLUICE_TRY(bindRegister(element, bits, false, one.offset, one.bits));
      else
        SLUICE_TRY(bindSource(spec, element, width, one));
    }
    bound.list.push_back(one.offset);
    bound.listBits.push_back(one.bits);
  }
  bound.offset = bound.list[0];
  bound.bits = bound.listBits[0];
  return {};
}

Status OperandBinder::bindPredicate(const Operand &operand, bool destination,
                                    uint32_t &offset) {
  if (destination && operand.kind == OperandKind::Sink) {
    offset = frames.newRegister(0);
    return {};
  }
  if (!destination && operand.kind == OperandKind::Integer) {
    offset = frames.constant(0, operand.bits != 0 ? kAllLanes : 0);
    return {};
  }
  if (operand.kind != OperandKind::Register ||
      frame.function->registers[operand.index].type != Type::Pred)
    return badInput("expected a predicate");
  offset = frames.registerOffset(frame, operand.index);
  if (destination)
    define(offset, 1);
  else
    use(offset, 1);
  return {};
}

Status OperandBinder::bindAddress(const Operand &operand) {
  if (operand.kind != OperandKind::Address)
    return badInput("expected an address in brackets");
  Instruction &out = binder.out;
  const Operand &base = operand.elements[0];
  // cp.async has two addresses; the second goes where the first one did, after
  // its binder has been told (see CpAsync).
  int64_t offset = operand.number;
  AddressBase kind = AddressBase::None;
  uint32_t place = 0;
  Space space = Space::Generic;
  if (base.kind == OperandKind::Integer) {
    offset += static_cast<int64_t>(base.bits);
  } else if (base.kind == OperandKind::Variable) {
    SLUICE_ASSIGN(uint64_t address, frames.address(*base.variable));
    offset += static_cast<int64_t>(address);
    space = base.variable->space;
    if (space == Space::Param && frames.isCallParameter(*base.variable))
      space = Space::Local;
  } else {
    const Register &reg = frame.function->registers[base.index];
    if (typeBits(reg.type) != 32 && typeBits(reg.type) != 64)
      return badInput(fmt::format("expected an address of 32 or 64 bits, found "
                                  "{} of {}",
                                  reg.spelling(), typeBits(reg.type)));
    kind = typeBits(reg.type) == 32 ? AddressBase::Register32
                                    : AddressBase::Register64;
    place = frames.registerOffset(frame, base.index);
    use(place, typeBits(reg.type));
  }
  if (out.base == kNone) {
    out.base = place;
    out.addressBase = kind;
    out.offset = offset;
    out.space = space;
  } else {
    binder.second = {place, kind, offset, space};
  }
  return {};
}

Status OperandBinder::bindLabel(const Operand &operand) {
  if (operand.kind != OperandKind::Label)
    return badInput("expected a label of this function");
  binder.out.target = frame.firstCode + operand.index;
  return {};
}

Status OperandBinder::bindTable(const Operand &operand) {
  for (const BranchTable &table : frame.function->tables) {
    if (operand.kind != OperandKind::Name || table.name != operand.name)
      continue;
    BranchTargets targets;
    for (const Operand &label : table.labels)
      targets.targets.push_back(frame.firstCode + label.index);
    binder.out.target = static_cast<uint32_t>(binder.program.tables.size());
    binder.program.tables.push_back(std::move(targets));
    return {};
  }
  return badInput("expected the name of a .branchtargets list");
}

Status OperandBinder::bind(const OperandSpec &spec, const Operand &operand,
                           BoundOperand &bound) {
  bound.present = true;
  bound.kind = spec.kind;
  bound.negated = operand.negated;
  int bits = widthOf(spec);
  if (operand.negated && spec.kind != 'c')
    return badInput("expected no '!' here");
  switch (spec.kind) {
  case 'D':
  case 'V':
  case 'S':
  case 'U':
    return bindVector(spec, operand, bits, bound);
  case 'd':
  case 'x': {
    bool pair = spec.kind == 'x' && operand.kind == OperandKind::Pair;
    const Operand &reg = pair ? operand.elements[0] : operand;
    if (pair) {
      SLUICE_TRY(bindPredicate(operand.elements[1], true, bound.second));
    }
    bound.bits = bits;
    if (reg.kind == OperandKind::Sink) {
      bound.sink = true;
      return {};
    }
    if (reg.kind != OperandKind::Register)
      return badInput("expected a register to write");
    return bindRegister(reg, bits, true, bound.offset, bound.bits);
  }
  case 's':
    return bindSource(spec, operand, bits, bound);
  case 'n':
    if (operand.kind != OperandKind::Integer)
      return badInput("expected a constant integer");
    bound.immediate = true;
    bound.value = operand.bits;
    return {};
  case 'p':
  case 'c':
    return bindPredicate(operand, spec.kind == 'p', bound.offset);
  case 'q':
    if (operand.kind != OperandKind::Pair)
      return bindPredicate(operand, true, bound.offset);
    SLUICE_TRY(bindPredicate(operand.elements[0], true, bound.offset));
    return bindPredicate(operand.elements[1], true, bound.second);
  case 'm':
    return bindAddress(operand);
  case 'b':
    return bindLabel(operand);
  case 't':
    return bindTable(operand);
  default:
    return {};
  }
}

void OperandBinder::assign(const OperandSpec &spec, const BoundOperand &bound) {
  Instruction &out = binder.out;
  switch (spec.kind) {
  case 'd':
  case 'D':
  case 'x':
    out.d = bound.offset;
    if (spec.kind == 'x')
      out.q = bound.second;
    break;
  case 's':
  case 'S':
    (sources == 0 ? out.a : sources == 1 ? out.b : out.c) = bound.offset;
    ++sources;
    break;
  case 'p':
  case 'q':
    out.p = bound.offset;
    out.q = bound.second;
    break;
  case 'c':
    // A comparison writes p and q and reads a third, which its binder places.
    if (out.p == kNone) {
      out.p = bound.offset;
      out.pNegated = bound.negated;
    }
    break;
  default:
    break;
  }
}

Status OperandBinder::run() {
  const std::vector<Operand> &operands = binder.statement.operands;
  if (binder.name() == "call")
    return bindCall();
  const std::vector<OperandSpec> &specs = binder.row().operands;
  binder.operands.resize(specs.size());
  for (size_t i = 0; i < operands.size(); ++i) {
    SLUICE_TRY(bind(specs[i], operands[i], binder.operands[i])
                   .in(fmt::format("operand {} of {}", i + 1, binder.name())));
    assign(specs[i], binder.operands[i]);
  }
  return {};
}

/// What moves values, or computes with the halves of a register apart, keeps
/// apart what nobody wrote.
uint8_t OperandBinder::taintPart() const {
  const Instruction &out = binder.out;
  if (binder.typeCount() != 1 || out.defCount == 0 ||
      out.useCount % out.defCount != 0)
    return 0;
  if (binder.name() == "mov")
    return out.useCount == out.defCount ? 1 : 0;
  switch (binder.type()) {
  case Type::F16x2:
  case Type::Bf16x2:
  case Type::U16x2:
  case Type::S16x2:
    return 1;
  case Type::F32x2:
    return 2;
  default:
    return 0;
  }
}

void OperandBinder::recordTaint() {
  auto &pool = binder.program.operands;
  Instruction &out = binder.out;
  out.uses = static_cast<uint32_t>(pool.size());
  out.useCount = static_cast<uint16_t>(useUnits.size());
  out.defCount = static_cast<uint16_t>(defUnits.size());
  out.taintPart = taintPart();
  pool.insert(pool.end(), useUnits.begin(), useUnits.end());
  pool.insert(pool.end(), defUnits.begin(), defUnits.end());
}

} // namespace sluice::sim
