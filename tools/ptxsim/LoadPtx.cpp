#include "tools/ptxsim/LoadPtx.h"

#include "runtime/base/MappedFile.h"
#include "tools/driver/Host.h"

#include <fmt/format.h>

namespace sluice::ptxsim {
namespace {

constexpr uint64_t kMostTextBytes = uint64_t{256} << 20;

} // namespace

Result<sim::LoadedModule *> loadPtx(sim::Simulator &simulator,
                                    const std::string &path) {
  SLUICE_ASSIGN(MappedFile file, MappedFile::open(path));
  if (file.size() > kMostTextBytes)
    return badInput(
        fmt::format("{}: expected PTX of at most {} bytes, found {}", path,
                    kMostTextBytes, file.size()));
  // Beside each byte the simulator keeps a bit, and what the checks note.
  if (uint64_t available = readHostMemory().available; available != 0)
    simulator.memory().setLimit(available / 4 * 3);
  return simulator.load(std::string(file.text()), path);
}

std::string versionText(uint32_t version) {
  return fmt::format("{}.{}", version / 10, version % 10);
}

} // namespace sluice::ptxsim
