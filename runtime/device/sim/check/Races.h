#pragma once

#include "runtime/device/sim/check/Clocks.h"

#include <array>
#include <optional>
#include <unordered_map>

namespace sluice::sim {

/// One access of a lane to some of the 4 bytes of a word.
struct AccessRecord {
  uint32_t block = 0; // + 1; 0: nobody
  uint32_t time = 0;
  uint32_t instruction : 28 = 0;
  uint32_t bytes : 4 = 0; // mask
  uint8_t warp = 0;
  uint8_t lane = 0; // kSeveralLanes: of the warp
  bool strong : 1 = false;
  bool store : 1 = false;
  /// Of a whole row: word k of it is lane + (k >> laneShift)'s.
  uint8_t laneShift = 0;
};
static_assert(sizeof(AccessRecord) == 16);
inline constexpr uint8_t kSeveralLanes = 0xff;

/// Objects made one after the other that go together.
template <typename T> class Pool {
public:
  T *make() {
    if (used == kBlock) {
      blocks.push_back(std::make_unique<T[]>(kBlock));
      used = 0;
    }
    return &blocks.back()[used++];
  }

private:
  static constexpr size_t kBlock = 16;
  std::vector<std::unique_ptr<T[]>> blocks;
  size_t used = kBlock;
};

/// What a word remembers: its last write, and two readers since then that do
/// not know of each other.
struct ShadowWord {
  AccessRecord write;
  AccessRecord atomic; // a strong write before it that nothing orders
  AccessRecord reads[2];
};

inline constexpr uint64_t kQuadWords = 4, kRowWords = 32;

/// 16 bytes; one record stands for all words as long as each access is to all.
struct ShadowQuad {
  ShadowWord whole;
  std::array<ShadowWord, kQuadWords> *words = nullptr; // else, in a pool
};
/// 128 bytes: what a warp accesses with 4 bytes a lane.
struct ShadowRow {
  ShadowWord whole;
  std::array<ShadowQuad, kRowWords / kQuadWords> *quads = nullptr; // else
};

/// Finds accesses that no synchronisation orders. One object keeps the words of
/// global memory for a launch, one those of a block's shared memory.
class RaceShadow {
public:
  /// The access `now` to the 4 bytes at `word` * 4 by somebody whose knowledge
  /// is `clocks`. Returns the access that it races with.
  std::optional<AccessRecord> access(const Clocks &clocks, uint64_t word,
                                     AccessRecord now);
  // The access `now` of lanes of a warp to all words of a row or quad, from
  // `now.lane` on, as laneShift says; not a strong one. False: it has to be
  // looked at in smaller pieces, and nothing has changed.
  bool accessRow(const Clocks &clocks, uint64_t row, const AccessRecord &now);
  bool accessQuad(const Clocks &clocks, uint64_t quad, const AccessRecord &now);
  /// A write of 16 bytes or less that has been checked takes effect at `now`'s
  /// time.
  void overwrite(uint64_t address, uint64_t bytes, AccessRecord now);

private:
  static constexpr uint64_t kPageRows = 64;
  using Page = std::array<ShadowRow, kPageRows>;
  ShadowRow &rowAt(uint64_t row);
  ShadowQuad &quadAt(uint64_t quad);
  ShadowWord &at(uint64_t word);

  std::unordered_map<uint64_t, std::unique_ptr<Page>> pages;
  struct Recent {
    uint64_t number = ~uint64_t{0};
    Page *page = nullptr;
  };
  std::array<Recent, 16> recent; // by number
  Pool<std::array<ShadowWord, kQuadWords>> words;
  Pool<std::array<ShadowQuad, kRowWords / kQuadWords>> quads;
};

} // namespace sluice::sim
