#include "runtime/device/sim/machine/MemoryOperands.h"

#include <algorithm>
#include <fmt/format.h>

namespace sluice::sim {

Space spaceOfModifiers(const Binder &b, Space otherwise) {
  if (b.has("global"))
    return Space::Global;
  if (b.has("shared") || b.has("shared::cta"))
    return Space::Shared;
  if (b.has("local"))
    return Space::Local;
  if (b.has("const"))
    return Space::Const;
  if (b.has("param") || b.has("param::entry") || b.has("param::func"))
    return Space::Param;
  return otherwise;
}

bool bindSpace(Binder &b) {
  Space space = spaceOfModifiers(b, Space::Generic);
  Space own = b.out.space; // of a variable
  if (own == Space::Generic || space == Space::Generic) {
    b.out.space = own == Space::Generic ? space : own;
    return true;
  }
  // Parameters of functions and calls lie in local memory.
  bool fits = own == space || (space == Space::Param && own == Space::Local);
  if (!fits)
    return b.fail(fmt::format("expected an address in .{}, found a variable in "
                              ".{}",
                              spaceName(space), spaceName(own)));
  return true;
}

bool bindElements(Binder &b, size_t index) {
  const BoundOperand &operand = b.operand(index);
  size_t wanted = b.has("v2") ? 2 : b.has("v4") ? 4 : b.has("v8") ? 8 : 1;
  if (operand.list.size() != wanted)
    return b.fail(fmt::format("expected {} elements, found {}", wanted,
                              operand.list.size()));
  int bits = typeBits(b.type());
  int registerBits = operand.listBits[0];
  if (std::any_of(operand.listBits.begin(), operand.listBits.end(),
                  [&](int one) { return one != registerBits; }))
    return b.fail("expected registers of one width");
  if (wanted * static_cast<size_t>(bits) > 256)
    return b.fail("expected at most 32 bytes");
  b.setList(operand.list);
  b.out.count = static_cast<uint8_t>(wanted);
  b.out.bytes = static_cast<uint8_t>(bits / 8);
  b.out.registerBytes = static_cast<uint8_t>(registerBits / 8);
  return true;
}

} // namespace sluice::sim
