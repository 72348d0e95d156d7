#include "runtime/device/sim/machine/Observer.h"

#include "runtime/device/sim/check/JsonText.h"

#include <algorithm>
#include <map>

namespace sluice::sim {
namespace {

uint64_t sectorsOf(LaneMask lanes, const uint64_t *addresses, uint32_t bytes) {
  uint64_t sectors[kWarpLanes * 2];
  size_t count = 0;
  bool ascending = true;
  for (; lanes != 0; lanes &= lanes - 1) {
    uint64_t address = addresses[std::countr_zero(lanes)];
    for (uint64_t sector = address / 32; sector <= (address + bytes - 1) / 32;
         ++sector) {
      if (count != 0 && sectors[count - 1] == sector)
        continue;
      ascending = ascending && (count == 0 || sectors[count - 1] < sector);
      sectors[count++] = sector;
    }
    if (count > kWarpLanes * 2 - 2)
      break; // an access of 16 bytes that is aligned touches one
  }
  if (ascending) // so they are distinct
    return count;
  std::sort(sectors, sectors + count);
  return static_cast<uint64_t>(std::unique(sectors, sectors + count) - sectors);
}

/// Lanes that go together, as often as it takes: 128 bytes at most.
uint32_t groupOf(uint32_t bytes) {
  return bytes <= 4 ? 32 : bytes == 8 ? 16 : 8;
}
uint64_t rowGroups(uint32_t bytes) { return kWarpLanes / groupOf(bytes); }

/// Whether no two lanes of [first, end) want different words of a bank. Each
/// accesses `bytes` bytes, a multiple of 4, at a multiple of that: the banks of
/// 8 or 16 bytes are pairs and fours of banks.
bool isFree(LaneMask lanes, const uint64_t *addresses, uint32_t bytes,
            uint32_t first, uint32_t end) {
  uint64_t held[kWarpLanes];
  LaneMask used = 0;
  for (uint32_t lane = first; lane < end; ++lane) {
    if ((lanes >> lane & 1) == 0)
      continue;
    uint64_t unit = addresses[lane] / bytes;
    auto bank = static_cast<uint32_t>(unit % (128 / bytes));
    if ((used >> bank & 1) != 0 && held[bank] != unit)
      return false;
    held[bank] = unit;
    used |= LaneMask{1} << bank;
  }
  return true;
}

/// Passes over the 32 banks of 4 bytes: lanes that want different words of one
/// bank take turns. 8 and 16 bytes per lane go in groups of 16 and 8 lanes.
uint64_t wavefrontsOf(LaneMask lanes, const uint64_t *addresses,
                      uint32_t bytes) {
  uint32_t group = groupOf(bytes);
  bool wholeBanks = bytes == 4 || bytes == 8 || bytes == 16;
  uint64_t total = 0;
  for (uint32_t first = 0; first < kWarpLanes; first += group) {
    if (wholeBanks && isFree(lanes, addresses, bytes, first, first + group)) {
      total += (lanes >> first & ((uint64_t{1} << group) - 1)) != 0 ? 1 : 0;
      continue;
    }
    uint64_t words[kWarpLanes * 4];
    size_t count = 0;
    for (uint32_t lane = first; lane < first + group; ++lane)
      if ((lanes >> lane & 1) != 0)
        for (uint64_t word = addresses[lane] / 4;
             word <= (addresses[lane] + bytes - 1) / 4 && count < 128; ++word)
          words[count++] = word;
    if (count == 0)
      continue;
    std::sort(words, words + count);
    count = static_cast<size_t>(std::unique(words, words + count) - words);
    uint32_t perBank[32] = {};
    uint32_t most = 0;
    for (size_t i = 0; i < count; ++i)
      most = std::max(most, ++perBank[words[i] % 32]);
    total += most;
  }
  return total;
}

uint64_t idealWavefronts(LaneMask lanes, const uint64_t *addresses,
                         uint32_t bytes) {
  // As many distinct words in 32 banks as evenly spread as can be.
  uint32_t group = groupOf(bytes);
  uint64_t total = 0;
  for (uint32_t first = 0; first < kWarpLanes; first += group)
    total += (lanes >> first & ((uint64_t{1} << group) - 1)) != 0 ? 1 : 0;
  (void)addresses;
  return total;
}

} // namespace

void Observer::accessed(const Instruction &instruction, Space space,
                        LaneMask lanes, const uint64_t *addresses,
                        bool consecutive, uint32_t bytes, bool store) {
  LineCounters &line = lines[instruction.index];
  ++line.requests;
  line.bytes += static_cast<uint64_t>(std::popcount(lanes)) * bytes;
  if (space == Space::Shared && consecutive && *addresses % 4 == 0) {
    uint64_t groups = rowGroups(bytes);
    line.wavefronts += groups;
    line.idealWavefronts += groups;
  } else if (space == Space::Shared) {
    line.wavefronts += wavefrontsOf(lanes, addresses, bytes);
    line.idealWavefronts += idealWavefronts(lanes, addresses, bytes);
  } else if (space != Space::Param) {
    line.sectors += consecutive
                        ? (*addresses + uint64_t{kWarpLanes} * bytes - 1) / 32 -
                              *addresses / 32 + 1
                        : sectorsOf(lanes, addresses, bytes);
  }
  spaces[instruction.index] = space;
  stores[instruction.index] = store;
}

void Observer::add(const Observer &other) {
  for (size_t i = 0; i < lines.size(); ++i) {
    if (other.lines[i].requests != 0) {
      spaces[i] = other.spaces[i];
      stores[i] = other.stores[i];
    }
    lines[i] += other.lines[i];
  }
  barrierWaits += other.barrierWaits;
}

Counters summarise(const Program &program, const Observer &all) {
  Counters counters;
  for (const Instruction &instruction : program.code) {
    const LineCounters &line = all.lines[instruction.index];
    if (line.executions == 0)
      continue;
    Space space = all.spaces[instruction.index];
    const Statement &statement = *program.sources[instruction.index].statement;
    counters.lines.push_back({program.placeOf(instruction),
                              program.module->locationText(statement.location),
                              onOneLine(statement.text), instruction.opClass,
                              space, line});
    counters.byClass[static_cast<size_t>(instruction.opClass)] += line;
    if (line.requests != 0) {
      counters.byAccess[all.stores[instruction.index] ? 1 : 0]
                       [static_cast<size_t>(space)] += line;
    }
  }
  std::map<std::string, uint64_t> matrix;
  for (const auto &[index, work] : program.matrixWork)
    if (uint64_t executions = all.lines[index].executions; executions != 0)
      matrix[work.type] += executions * work.operations;
  for (const auto &[type, operations] : matrix)
    counters.matrix.push_back({type, operations});
  counters.barrierWaits = all.barrierWaits;
  return counters;
}

} // namespace sluice::sim
