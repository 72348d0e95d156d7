#include "runtime/device/sim/check/BlockChecks.h"

#include "runtime/device/sim/machine/AsyncCopies.h"
#include "runtime/device/sim/machine/Cta.h"

#include <fmt/format.h>

namespace sluice::sim {

BlockChecks::BlockChecks(Cta &cta, LaunchChecks &launch)
    : clocks(cta.launch->warps, static_cast<uint32_t>(cta.index)), cta(cta),
      launch(launch), on(cta.launch->options.checks),
      sharedWritten(on.uninitialised ? cta.launch->sharedBytes : 0),
      localStride((cta.launch->program->localBytes + 63) / 64 * 64) {
  if (on.uninitialised)
    localWrittenBits = WrittenBits(localStride * kWarpLanes * cta.warps.size());
}

WrittenBits *BlockChecks::bitsOf(const Warp &w, const Places &places, int lane,
                                 uint64_t &at) {
  at = places.addresses[lane];
  switch (places.space) {
  case Space::Shared:
    return on.uninitialised ? &sharedWritten : nullptr;
  case Space::Local:
    at += (w.index * kWarpLanes + static_cast<uint64_t>(lane)) * localStride;
    return on.uninitialised ? &localWrittenBits : nullptr;
  case Space::Global:
    at -= places.allocation->address;
    return places.allocation->tracksWrites ? &places.allocation->written
                                           : nullptr;
  default:
    return nullptr;
  }
}

/// Calls f(lane, at) with what bitsOf says of each lane.
template <typename F>
void BlockChecks::forEachPlace(const Warp &w, const Places &places, F f) {
  uint64_t at = 0;
  bool apart =
      places.space == Space::Local; // each lane has a memory of its own
  int first = std::countr_zero(places.lanes);
  bitsOf(w, places, first, at);
  uint64_t shift = at - places.addresses[first];
  for (LaneMask rest = places.lanes; rest != 0; rest &= rest - 1) {
    int lane = std::countr_zero(rest);
    if (apart)
      bitsOf(w, places, lane, at);
    else
      at = places.addresses[lane] + shift;
    f(lane, at);
  }
}

LaneMask BlockChecks::unwritten(Warp &w, const Places &places, uint32_t bytes) {
  uint64_t at = 0;
  WrittenBits *bits = bitsOf(w, places, std::countr_zero(places.lanes), at);
  if (!on.uninitialised || bits == nullptr)
    return 0;
  // Most often all of them are one piece.
  if (places.consecutive && places.space != Space::Local &&
      bits->all(at, uint64_t{kWarpLanes} * bytes))
    return 0;
  LaneMask result = 0;
  forEachPlace(w, places, [&](int lane, uint64_t place) {
    result |= bits->all(place, bytes) ? 0 : LaneMask{1} << lane;
  });
  return result;
}

LaneMask BlockChecks::unwrittenElements(Warp &w, const Places &places,
                                        LaneMask lanes, uint32_t offset,
                                        uint32_t bytes) {
  LaneMask result = 0;
  for (LaneMask rest = lanes & places.lanes; rest != 0; rest &= rest - 1) {
    int lane = std::countr_zero(rest);
    uint64_t at = 0;
    WrittenBits *bits = bitsOf(w, places, lane, at);
    if (bits != nullptr && !bits->all(at + offset, bytes))
      result |= LaneMask{1} << lane;
  }
  return result;
}

void BlockChecks::markWritten(Warp &w, const Places &places, uint32_t bytes) {
  uint64_t at = 0;
  WrittenBits *bits = bitsOf(w, places, std::countr_zero(places.lanes), at);
  if (bits == nullptr)
    return;
  if (places.consecutive && places.space != Space::Local) {
    bits->set(at, uint64_t{kWarpLanes} * bytes, true);
    return;
  }
  forEachPlace(w, places,
               [&](int, uint64_t place) { bits->set(place, bytes, true); });
}

void BlockChecks::taintElement(const Warp &w, const Places &places,
                               LaneMask lanes, uint32_t offset,
                               uint32_t bytes) {
  if (places.space != Space::Shared && places.space != Space::Local)
    return;
  for (LaneMask rest = lanes & places.lanes; rest != 0; rest &= rest - 1) {
    uint64_t at = 0;
    if (WrittenBits *bits = bitsOf(w, places, std::countr_zero(rest), at))
      bits->set(at + offset, bytes, false);
  }
}

void BlockChecks::localWritten(int lane, uint64_t address, uint64_t bytes) {
  if (on.uninitialised)
    localWrittenBits.set(static_cast<uint64_t>(lane) * localStride + address,
                         bytes, true);
}

std::vector<bool> BlockChecks::localState(int lane, uint64_t address,
                                          uint64_t bytes) const {
  if (!on.uninitialised)
    return {};
  std::vector<bool> written(bytes);
  for (uint64_t i = 0; i < bytes; ++i)
    written[i] = localWrittenBits.all(
        static_cast<uint64_t>(lane) * localStride + address + i, 1);
  return written;
}

void BlockChecks::setLocalState(int lane, uint64_t address,
                                const std::vector<bool> &written) {
  for (uint64_t i = 0; i < written.size(); ++i)
    localWrittenBits.set(
        static_cast<uint64_t>(lane) * localStride + address + i, 1, written[i]);
}

AccessRecord BlockChecks::recordOf(const Warp &w, const Instruction &i,
                                   int lane, bool store, bool strong) const {
  AccessRecord record;
  record.block = clocks.block() + 1;
  record.time = clocks.now();
  record.instruction = i.index & 0xfffffff;
  record.warp = static_cast<uint8_t>(w.index);
  record.lane = static_cast<uint8_t>(lane);
  record.store = store;
  record.strong = strong;
  return record;
}

std::string BlockChecks::describe(const Warp &w,
                                  const AccessRecord &record) const {
  const Program &program = *w.launch->program;
  const Instruction &other = program.code[record.instruction];
  std::string text(program.sources[other.index].statement->text);
  for (char &c : text)
    c = c == '\n' || c == '\t' ? ' ' : c;
  bool several = record.lane == kSeveralLanes; // reads: the last is kept
  return fmt::format(
      "{}: {} of block {}, warp {}{}: {}", program.placeOf(other),
      several        ? "the last of several reads"
      : record.store ? "a write"
                     : "a read",
      record.block - 1, record.warp,
      several ? std::string() : fmt::format(", lane {}", record.lane), text);
}

bool BlockChecks::orderOf(Warp &w, const Instruction &i, Space space, int lane,
                          uint64_t address, uint64_t bytes, bool store,
                          bool strong) {
  AccessRecord now = recordOf(w, i, lane, store, strong);
  RaceShadow &shadow = space == Space::Shared ? shared : launch.global;
  if (bytes == kQuadWords * 4 && !strong) {
    now.bytes = 15;
    now.laneShift = 2;
    if (shadow.accessQuad(clocks, address / bytes, now))
      return true;
    now.laneShift = 0;
  }
  for (uint64_t word = address / 4; word * 4 < address + bytes; ++word) {
    uint64_t first = std::max(address, word * 4) - word * 4;
    uint64_t last = std::min(address + bytes, word * 4 + 4) - word * 4;
    now.bytes = static_cast<uint32_t>((1U << last) - (1U << first)) & 15;
    std::optional<AccessRecord> race = shadow.access(clocks, word, now);
    if (!race)
      continue;
    std::string where = space == Space::Shared
                            ? fmt::format("shared address {}", word * 4 + first)
                            : w.launch->memory->describe(word * 4 + first);
    w.report(FindingKind::Race, i, LaneMask{1} << lane,
             fmt::format("{} {}, which nothing orders after another access",
                         store ? "writes" : "reads", where),
             describe(w, *race));
    return false;
  }
  return true;
}

void BlockChecks::checkOrder(Warp &w, const Instruction &i,
                             const Places &places, uint32_t bytes, bool store,
                             bool strong) {
  if (!on.races ||
      (places.space != Space::Shared && places.space != Space::Global) ||
      (places.space == Space::Global && places.allocation->readOnly))
    return;
  LaneMask rest = places.lanes;
  if (places.consecutive && !strong)
    rest = checkRows(w, i, places, bytes, store);
  bool quads = (bytes == 4 || bytes == 8) && !strong;
  while (rest != 0) {
    int lane = std::countr_zero(rest);
    LaneMask done =
        quads ? checkQuad(w, i, places, bytes, rest, lane, store) : 0;
    if (done == 0) {
      orderOf(w, i, places.space, lane, places.addresses[lane], bytes, store,
              strong);
      done = LaneMask{1} << lane;
    }
    rest &= ~done;
  }
}

LaneMask BlockChecks::checkQuad(Warp &w, const Instruction &i,
                                const Places &places, uint32_t bytes,
                                LaneMask lanes, int lane, bool store) {
  constexpr uint32_t quadBytes = kQuadWords * 4;
  uint64_t address = places.addresses[lane];
  if (address % quadBytes != 0)
    return 0;
  auto count = static_cast<int>(quadBytes / bytes);
  LaneMask group = ((LaneMask{1} << count) - 1) << lane;
  if (lane + count > kWarpLanes || (lanes & group) != group)
    return 0;
  for (int k = 1; k < count; ++k)
    if (places.addresses[lane + k] !=
        address + static_cast<uint32_t>(k) * bytes)
      return 0;
  RaceShadow &shadow = places.space == Space::Shared ? shared : launch.global;
  AccessRecord now = recordOf(w, i, lane, store, false);
  now.bytes = 15;
  now.laneShift = static_cast<uint8_t>(std::countr_zero(bytes / 4));
  return shadow.accessQuad(clocks, address / quadBytes, now) ? group : 0;
}

LaneMask BlockChecks::checkRows(Warp &w, const Instruction &i,
                                const Places &places, uint32_t bytes,
                                bool store) {
  if ((bytes != 4 && bytes != 8 && bytes != 16) ||
      places.low % (kRowWords * 4) != 0)
    return kAllLanes;
  RaceShadow &shadow = places.space == Space::Shared ? shared : launch.global;
  AccessRecord now = recordOf(w, i, 0, store, false);
  now.bytes = 15;
  now.laneShift = static_cast<uint8_t>(std::countr_zero(bytes / 4));
  LaneMask left = 0;
  constexpr uint32_t rowBytes = kRowWords * 4, quadBytes = kQuadWords * 4;
  for (uint32_t at = 0; at < kWarpLanes * bytes; at += rowBytes) {
    now.lane = static_cast<uint8_t>(at / bytes);
    if (shadow.accessRow(clocks, (places.low + at) / rowBytes, now))
      continue;
    for (uint32_t quad = at; quad < at + rowBytes; quad += quadBytes) {
      now.lane = static_cast<uint8_t>(quad / bytes);
      if (!shadow.accessQuad(clocks, (places.low + quad) / quadBytes, now))
        left |= ((LaneMask{1} << (quadBytes / bytes)) - 1) << now.lane;
    }
  }
  return left;
}

void BlockChecks::checkFlight(Warp &w, const Instruction &i,
                              const Places &places, uint32_t bytes) {
  if (!on.inFlight || places.space != Space::Shared || cta.async == nullptr ||
      cta.async->isIdle())
    return;
  for (LaneMask rest = places.lanes; rest != 0; rest &= rest - 1) {
    int lane = std::countr_zero(rest);
    uint64_t address = places.addresses[lane];
    if (cta.async->isMbarrier(address, bytes))
      w.report(FindingKind::BarrierMisuse, i, LaneMask{1} << lane,
               fmt::format("shared address {} holds an mbarrier", address));
    const AsyncCopies::Copy *copy = cta.async->inFlight(address, bytes);
    if (copy == nullptr)
      continue;
    const Program &program = *w.launch->program;
    w.report(
        FindingKind::InFlightAccess, i, LaneMask{1} << lane,
        fmt::format("shared address {} is still being written by a "
                    "cp.async of warp {} that nobody has waited for",
                    address, copy->warp),
        fmt::format("{}: {}", program.placeOf(*copy->instruction),
                    program.sources[copy->instruction->index].statement->text));
    return;
  }
}

/// Strong accesses are how threads talk to each other.
void BlockChecks::synchronise(Warp &w, const Instruction &i,
                              const Places &places, bool reads, bool writes) {
  if (!on.races || !i.strong)
    return;
  auto &objects =
      places.space == Space::Shared ? sharedObjects : launch.objects;
  for (LaneMask rest = places.lanes; rest != 0; rest &= rest - 1) {
    BlockTimes &object = objects[places.addresses[std::countr_zero(rest)]];
    if (reads)
      clocks.strongRead(w.index, object, i.acquires);
    if (writes)
      clocks.strongWrite(w.index, object, i.releases);
  }
}

LaneMask BlockChecks::load(Warp &w, const Instruction &i, const Places &places,
                           uint32_t bytes) {
  checkFlight(w, i, places, bytes);
  synchronise(w, i, places, true, false);
  checkOrder(w, i, places, bytes, false, i.strong);
  return unwritten(w, places, bytes);
}

void BlockChecks::store(Warp &w, const Instruction &i, const Places &places,
                        uint32_t bytes, LaneMask tainted) {
  checkFlight(w, i, places, bytes);
  checkOrder(w, i, places, bytes, true, i.strong);
  synchronise(w, i, places, false, true);
  markWritten(w, places, bytes);
  if (places.space == Space::Global && (tainted & places.lanes) != 0)
    w.report(FindingKind::Uninitialised, i, tainted & places.lanes,
             "stores a value that nobody wrote");
}

LaneMask BlockChecks::update(Warp &w, const Instruction &i,
                             const Places &places, uint32_t bytes,
                             LaneMask tainted) {
  LaneMask result = unwritten(w, places, bytes);
  synchronise(w, i, places, true, false);
  store(w, i, places, bytes, tainted);
  return result;
}

} // namespace sluice::sim
