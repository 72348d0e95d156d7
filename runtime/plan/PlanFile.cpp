#include "runtime/plan/PlanFile.h"

#include "runtime/base/Quote.h"
#include "runtime/plan/PlanReader.h"

#include <fmt/format.h>

#include <new>

namespace sluice {

static Status read(std::span<const uint8_t> bytes, Container &container,
                   PlanView &plan) {
  SLUICE_ASSIGN(container, Container::read(bytes));
  SLUICE_ASSIGN(plan, readPlan(container));
  return {};
}

Result<PlanFile> PlanFile::open(const std::string &path) {
  try {
    PlanFile result;
    result.thePath = path;
    SLUICE_ASSIGN(result.file, MappedFile::open(path));
    std::span<const uint8_t> bytes(
        reinterpret_cast<const uint8_t *>(result.file.data()),
        result.file.size());
    SLUICE_TRY(read(bytes, result.theContainer, result.thePlan).in(path));
    return result;
  } catch (const std::bad_alloc &) {
    return outOfMemory(
        fmt::format("{}: no memory for its tables", inQuotes(path)));
  }
}

} // namespace sluice
