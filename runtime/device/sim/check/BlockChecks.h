#pragma once

#include "runtime/device/sim/check/Races.h"
#include "runtime/device/sim/machine/Places.h"

namespace sluice::sim {

struct Mbarrier;

/// What a launch keeps for its checks besides its blocks'.
struct LaunchChecks {
  RaceShadow global;
  std::unordered_map<uint64_t, BlockTimes> objects; // by global address
};

/// The checks of one block that cost time: what is written, in flight and
/// ordered. Checked launches run on one host thread.
class BlockChecks {
public:
  BlockChecks(Cta &cta, LaunchChecks &launch);

  /// Returns lanes that read what nobody wrote.
  LaneMask load(Warp &w, const Instruction &i, const Places &places,
                uint32_t bytes);
  void store(Warp &w, const Instruction &i, const Places &places,
             uint32_t bytes, LaneMask tainted);
  LaneMask update(Warp &w, const Instruction &i, const Places &places,
                  uint32_t bytes, LaneMask tainted);
  /// One element of a store holds a tainted value.
  void taintElement(const Warp &w, const Places &places, LaneMask lanes,
                    uint32_t offset, uint32_t bytes);

  /// The lanes of `lanes` that nobody wrote these bytes of.
  LaneMask unwrittenElements(Warp &w, const Places &places, LaneMask lanes,
                             uint32_t offset, uint32_t bytes);

  void copyStarted(Warp &w, const Instruction &i, const Places &targets,
                   uint32_t bytes);
  void copied(Warp &w, const Instruction &i, LaneMask lanes,
              const uint64_t *targets, const uint64_t *sources,
              const uint8_t *sourceBytes, uint32_t bytes);
  void mbarrierMade(Warp &w, const Instruction &i, int lane, uint64_t address);
  void mbarrierUsed(Warp &w, const Instruction &i, int lane, uint64_t address);
  void mbarrierArrived(Warp &w, int lane, Mbarrier &barrier, bool relaxed);
  void mbarrierPassed(Warp &w, Mbarrier &barrier, bool relaxed);
  void localWritten(int lane, uint64_t address, uint64_t bytes);
  /// Which of these bytes of a thread's local memory somebody has written, and
  /// the reverse; empty: it is not tracked.
  std::vector<bool> localState(int lane, uint64_t address,
                               uint64_t bytes) const;
  void setLocalState(int lane, uint64_t address,
                     const std::vector<bool> &written);

  void arrived(Warp &w, uint32_t barrier);
  void passed(Warp &w, uint32_t barrier);
  void completed(uint32_t barrier) { barriers[barrier] = {}; }

  Clocks clocks;

private:
  /// The bits of the memory that a lane's place is in, and where in them; null
  /// if nothing is kept of it.
  WrittenBits *bitsOf(const Warp &w, const Places &places, int lane,
                      uint64_t &at);
  template <typename F>
  void forEachPlace(const Warp &w, const Places &places, F f);
  LaneMask unwritten(Warp &w, const Places &places, uint32_t bytes);
  void markWritten(Warp &w, const Places &places, uint32_t bytes);
  void checkOrder(Warp &w, const Instruction &i, const Places &places,
                  uint32_t bytes, bool store, bool strong);
  /// The same for rows of 128 bytes at a time. Returns lanes that have to be
  /// looked at one by one.
  LaneMask checkRows(Warp &w, const Instruction &i, const Places &places,
                     uint32_t bytes, bool store);
  /// The same for 16 bytes that `lane` and those behind it access together.
  /// Returns these lanes, or none if they have to be looked at one by one.
  LaneMask checkQuad(Warp &w, const Instruction &i, const Places &places,
                     uint32_t bytes, LaneMask lanes, int lane, bool store);
  bool orderOf(Warp &w, const Instruction &i, Space space, int lane,
               uint64_t address, uint64_t bytes, bool store, bool strong);
  void checkFlight(Warp &w, const Instruction &i, const Places &places,
                   uint32_t bytes);
  void synchronise(Warp &w, const Instruction &i, const Places &places,
                   bool reads, bool writes);
  AccessRecord recordOf(const Warp &w, const Instruction &i, int lane,
                        bool store, bool strong) const;
  std::string describe(const Warp &w, const AccessRecord &record) const;
  Clock &clockOf(Mbarrier &barrier);

  Cta &cta;
  LaunchChecks &launch;
  const Checks &on;
  RaceShadow shared;
  std::unordered_map<uint64_t, BlockTimes> sharedObjects;
  WrittenBits sharedWritten;
  WrittenBits localWrittenBits;
  uint64_t localStride;
  std::array<Clock, 16> barriers;
  std::vector<Clock> mbarriers;
};

} // namespace sluice::sim
