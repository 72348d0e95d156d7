#include "runtime/device/sim/check/Races.h"

namespace sluice::sim {
namespace {

bool isOrdered(const Clocks &clocks, const AccessRecord &before,
               const AccessRecord &now) {
  if (before.block != now.block)
    return clocks.knowsBlock(now.warp, before.block - 1, before.time);
  if (before.warp != now.warp)
    return clocks.knows(now.warp, before.warp, before.lane, before.time);
  return before.lane == now.lane ||
         // Lanes that run one instruction together.
         (before.instruction == now.instruction && before.time == now.time) ||
         clocks.knowsLane(now.warp, now.lane, before.lane, before.time);
}

bool conflicts(const Clocks &clocks, const AccessRecord &before,
               const AccessRecord &now) {
  return before.block != 0 && (before.bytes & now.bytes) != 0 &&
         !(before.strong && now.strong) && !isOrdered(clocks, before, now);
}

enum class Order : uint8_t { Yes, No, Depends }; // on the lanes

/// The same for all words of a row.
Order orderOfRows(const Clocks &clocks, const AccessRecord &before,
                  const AccessRecord &now) {
  if (before.block != now.block)
    return clocks.knowsBlock(now.warp, before.block - 1, before.time)
               ? Order::Yes
               : Order::No;
  if (before.warp != now.warp)
    return clocks.knowsAll(now.warp, before.warp, before.time) ? Order::Yes
           : clocks.knowsSome(now.warp, before.warp, before.time)
               ? Order::Depends
               : Order::No;
  bool same = before.lane == now.lane && before.laneShift == now.laneShift;
  bool together =
      before.instruction == now.instruction && before.time == now.time;
  return same || together || clocks.knowsMet(now.warp, before.time)
             ? Order::Yes
             : Order::Depends;
}

/// What is known of all words from `first` on.
ShadowWord partOf(const ShadowWord &whole, uint64_t first) {
  ShadowWord part = whole;
  for (AccessRecord *record :
       {&part.write, &part.atomic, &part.reads[0], &part.reads[1]})
    if (record->lane != kSeveralLanes)
      record->lane += static_cast<uint8_t>(first >> record->laneShift);
  return part;
}

/// An access to all words that `whole` stands for; false: see accessRow.
bool accessWhole(const Clocks &clocks, ShadowWord &whole,
                 const AccessRecord &now) {
  auto isFree = [&](const AccessRecord &before) {
    return before.block == 0 || orderOfRows(clocks, before, now) == Order::Yes;
  };
  if (!isFree(whole.write))
    return false;
  if (now.store) {
    if (!isFree(whole.reads[0]) || !isFree(whole.reads[1]))
      return false;
    whole = {};
    whole.write = now;
    return true;
  }
  for (AccessRecord &read : whole.reads) {
    bool sameWarp = read.block == now.block && read.warp == now.warp;
    bool sameLanes = read.lane == now.lane && read.laneShift == now.laneShift;
    if (sameWarp && !sameLanes && read.time == now.time) {
      if (read.lane != kSeveralLanes && read.laneShift != now.laneShift)
        return false; // of some words the same lane, of others not
      read.lane = kSeveralLanes;
      read.instruction = now.instruction;
      return true;
    }
    Order order = read.block == 0 || sameWarp ? Order::Yes
                                              : orderOfRows(clocks, read, now);
    if (order == Order::Depends)
      return false;
    if (order == Order::Yes) {
      read = now;
      return true;
    }
  }
  return true;
}

} // namespace

ShadowRow &RaceShadow::rowAt(uint64_t row) {
  uint64_t number = row / kPageRows;
  Recent &last = recent[number % recent.size()];
  if (number != last.number) {
    std::unique_ptr<Page> &page = pages[number];
    if (page == nullptr)
      page = std::make_unique<Page>();
    last = {number, page.get()};
  }
  return (*last.page)[row % kPageRows];
}

ShadowQuad &RaceShadow::quadAt(uint64_t quad) {
  constexpr uint64_t count = kRowWords / kQuadWords;
  ShadowRow &row = rowAt(quad / count);
  if (row.quads == nullptr) {
    row.quads = quads.make();
    for (uint64_t i = 0; i < count; ++i)
      (*row.quads)[i].whole = partOf(row.whole, i * kQuadWords);
  }
  return (*row.quads)[quad % count];
}

ShadowWord &RaceShadow::at(uint64_t word) {
  ShadowQuad &quad = quadAt(word / kQuadWords);
  if (quad.words == nullptr) {
    quad.words = words.make();
    for (uint64_t i = 0; i < kQuadWords; ++i) {
      ShadowWord &one = (*quad.words)[i];
      one = partOf(quad.whole, i);
      for (AccessRecord *record :
           {&one.write, &one.atomic, &one.reads[0], &one.reads[1]})
        record->laneShift = 0;
    }
  }
  return (*quad.words)[word % kQuadWords];
}

bool RaceShadow::accessRow(const Clocks &clocks, uint64_t row,
                           const AccessRecord &now) {
  ShadowRow &shadow = rowAt(row);
  return shadow.quads == nullptr && accessWhole(clocks, shadow.whole, now);
}

bool RaceShadow::accessQuad(const Clocks &clocks, uint64_t quad,
                            const AccessRecord &now) {
  ShadowQuad &shadow = quadAt(quad);
  return shadow.words == nullptr && accessWhole(clocks, shadow.whole, now);
}

std::optional<AccessRecord>
RaceShadow::access(const Clocks &clocks, uint64_t word, AccessRecord now) {
  ShadowWord &shadow = at(word);
  std::optional<AccessRecord> race;
  if (conflicts(clocks, shadow.write, now))
    race = shadow.write;
  else if (conflicts(clocks, shadow.atomic, now))
    race = shadow.atomic;
  if (now.store) {
    for (AccessRecord &read : shadow.reads) {
      if (conflicts(clocks, read, now))
        race = read;
      read = {};
    }
    bool together = now.strong && shadow.write.strong &&
                    !isOrdered(clocks, shadow.write, now);
    if (together)
      shadow.atomic = shadow.write;
    else if (!now.strong)
      shadow.atomic = {};
    shadow.write = now;
    return race;
  }
  for (AccessRecord &read : shadow.reads) {
    bool sameWarp = read.block == now.block && read.warp == now.warp;
    if (sameWarp && read.lane != now.lane && read.time == now.time) {
      read.lane = kSeveralLanes;
      read.bytes |= now.bytes;
      read.instruction = now.instruction;
      return race;
    }
    if (read.block == 0 || sameWarp || isOrdered(clocks, read, now)) {
      if (sameWarp && read.time == now.time)
        now.bytes |= read.bytes;
      read = now;
      return race;
    }
  }
  return race;
}

void RaceShadow::overwrite(uint64_t address, uint64_t bytes, AccessRecord now) {
  now.bytes = 15;
  if (bytes == kQuadWords * 4) {
    ShadowQuad &quad = quadAt(address / bytes);
    if (quad.words == nullptr) {
      now.laneShift = 2;
      quad.whole.write = now;
      return;
    }
  }
  for (uint64_t word = address / 4; word * 4 < address + bytes; ++word)
    at(word).write = now;
}

} // namespace sluice::sim
