#pragma once

#include "runtime/device/sim/machine/Places.h"

#include <deque>
#include <map>
#include <span>

namespace sluice::sim {

class Cta;

/// An mbarrier object. Its 64 bits in memory mean nothing here.
struct Mbarrier {
  uint32_t expected = 0;
  uint32_t pending = 0;
  uint64_t phase = 0;
  uint64_t checks = 0; // what the checks keep about it
};

/// What a block has under way: cp.async and mbarriers. A copy takes effect when
/// the program can first rely on it (late), at issue (early) or by chance; what
/// it will write is poisoned until then.
class AsyncCopies {
public:
  explicit AsyncCopies(Cta &cta);

  /// One cp.async of the lanes of `lanes`, 16 bytes or less each.
  struct Copy {
    uint32_t warp;
    const Instruction *instruction;
    LaneMask lanes; // not done yet; the others' entries below are anything
    uint32_t bytes;
    uint64_t targets[kWarpLanes];       // in shared memory
    uint64_t sources[kWarpLanes];       // global addresses, for the checks
    const std::byte *hosts[kWarpLanes]; // of the sources
    uint8_t sourceBytes[kWarpLanes];    // the rest is zeros
    uint64_t groups[kWarpLanes];
  };
  void issue(const Copy &copy);
  void commit(uint32_t warp, LaneMask lanes);
  /// Lanes wait for all but their last `newest` groups; ~0: for everything.
  void wait(Warp &w, LaneMask lanes, uint64_t newest);

  /// cp.async.mbarrier.arrive: `address` gets an arrival when what the lane has
  /// issued so far is done.
  void arriveLater(Warp &w, const Instruction &i, LaneMask lanes,
                   const uint64_t *addresses, bool counted);

  /// Lets the oldest pending operation complete that nothing in the program
  /// forces to. False if there is none.
  bool completeOne();

  // mbarriers, by shared address. Misuse is reported.
  void init(Warp &w, const Instruction &i, int lane, uint64_t address,
            uint32_t count);
  void invalidate(Warp &w, const Instruction &i, int lane, uint64_t address);
  Mbarrier *find(Warp &w, const Instruction &i, int lane, uint64_t address);
  void arrive(Warp &w, const Instruction &i, int lane, Mbarrier &barrier,
              uint32_t count);

  /// The copy that has yet to write some of these bytes, or null.
  const Copy *inFlight(uint64_t address, uint64_t bytes) const;
  bool isMbarrier(uint64_t address, uint64_t bytes) const;
  bool anyInFlight() const { return outstanding != 0; }

private:
  struct Arrival {
    uint32_t warp;
    const Instruction *instruction;
    int lane;
    uint64_t address;
    uint64_t group; // copies of this group and before
  };
  void complete(Copy &copy, LaneMask lanes);
  /// For the check of accesses in flight.
  void countFlights(const Copy &copy, LaneMask lanes, int by);
  void finish(Arrival arrival);
  void dropDone();
  std::span<Copy> pending() { return std::span(copies).subspan(firstPending); }
  std::span<const Copy> pending() const {
    return std::span(copies).subspan(firstPending);
  }

  Cta &cta;
  /// In order of issue. Those before `firstPending` are done, and stay so that
  /// their room is used again.
  std::vector<Copy> copies;
  size_t firstPending = 0;
  std::deque<Arrival> arrivals;
  std::vector<uint64_t> committed; // groups, by thread
  std::vector<uint8_t> flights;    // copies in flight, by 4 bytes of shared
  uint64_t outstanding = 0;        // lanes of copies
  std::map<uint64_t, Mbarrier> mbarriers;
};

} // namespace sluice::sim
