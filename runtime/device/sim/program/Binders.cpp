#include "runtime/device/sim/program/Binder.h"

#include <unordered_map>

namespace sluice::sim {

// Each binder is defined beside the handlers that it picks, in machine/.
#define SLUICE_SIM_OPCODE(name, modifiers, operands, binder, opClass, version, \
                          sm, sureness, section)                               \
  bool bind##binder(Binder &);
#include "runtime/device/sim/ptx/Opcodes.def"

BindFunction *findBinder(std::string_view name) {
  static const auto *map =
      new std::unordered_map<std::string_view, BindFunction *>{
#define SLUICE_SIM_OPCODE(name, modifiers, operands, binder, opClass, version, \
                          sm, sureness, section)                               \
  {#binder, &bind##binder},
#include "runtime/device/sim/ptx/Opcodes.def"
      };
  auto found = map->find(name);
  return found == map->end() ? nullptr : found->second;
}

} // namespace sluice::sim
