#pragma once

#include "runtime/base/Status.h"
#include "runtime/device/sim/ptx/Module.h"

#include <memory>
#include <string>

namespace sluice::sim {

/// PTX text as a Module. `file` names it in messages. Nothing is skipped that
/// could change what a kernel computes: an opcode or modifier that no row of
/// the opcode table allows is an error. Safe on any bytes. Errors: BadInput
/// with file:line:column, what was expected and what was found.
Result<std::unique_ptr<Module>> parseModule(std::string text, std::string file);

} // namespace sluice::sim
