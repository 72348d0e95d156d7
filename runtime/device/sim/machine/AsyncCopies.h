#pragma once

#include "runtime/device/sim/machine/Places.h"

#include <deque>
#include <map>
#include <vector>

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

  /// One cp.async of a warp's lanes, 16 bytes or less each.
  struct Copy {
    uint32_t warp;
    const Instruction *instruction;
    LaneMask lanes; // not done yet; the others' entries below are anything
    uint32_t bytes;
    bool whole;                         // each lane has `bytes` source bytes
    uint64_t targets[kWarpLanes];       // in shared memory
    uint64_t sources[kWarpLanes];       // global addresses, for the checks
    const std::byte *hosts[kWarpLanes]; // of the sources
    uint8_t sourceBytes[kWarpLanes];    // the rest is zeros
    uint64_t groups[kWarpLanes];        // issue fills them in
  };
  /// The warp's next copy, for the caller to fill in. It is under way from
  /// issue on, and else the next one again.
  Copy &next(uint32_t warp);
  void issue(Copy &next);
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
  const Copy *inFlight(uint64_t address, uint64_t bytes) const {
    for (uint64_t at = address / 4; at * 4 < address + bytes; ++at)
      if (flights[at] != 0)
        return findInFlight(address, bytes);
    return nullptr;
  }
  bool isMbarrier(uint64_t address, uint64_t bytes) const;
  /// Nothing is in flight that the check of such accesses has counted, and
  /// there is no mbarrier.
  bool isIdle() const { return outstanding == 0 && mbarriers.empty(); }

private:
  struct Arrival {
    uint32_t warp;
    const Instruction *instruction;
    int lane;
    uint64_t address;
    uint64_t group; // copies of this group and before
  };
  /// A warp's copies in order of issue, in a ring.
  class Queue {
  public:
    Copy &next() {
      if (end - first == ring.size())
        grow();
      return at(end);
    }
    void issued() { ++end; }
    void dropDone() {
      while (first != end && at(first).lanes == 0)
        ++first;
    }
    template <typename F> void forEach(F f) {
      for (size_t i = first; i != end; ++i)
        f(at(i));
    }
    const Copy *find(uint64_t address, uint64_t bytes) const;

  private:
    Copy &at(size_t i) { return ring[i & (ring.size() - 1)]; }
    const Copy &at(size_t i) const { return ring[i & (ring.size() - 1)]; }
    void grow();

    std::vector<Copy> ring; // a power of two of them, or none
    size_t first = 0, end = 0;
  };
  void complete(Copy &copy, LaneMask lanes);
  /// For the check of accesses in flight.
  void countFlights(const Copy &copy, LaneMask lanes, int by);
  const Copy *findInFlight(uint64_t address, uint64_t bytes) const;
  void finish(Arrival arrival);

  Cta &cta;
  std::vector<Queue> queues; // by warp
  std::deque<Arrival> arrivals;
  std::vector<uint64_t> committed; // groups, by thread
  std::vector<uint8_t> flights;    // copies in flight, by 4 bytes of shared
  uint64_t outstanding = 0;        // lanes of copies
  std::map<uint64_t, Mbarrier> mbarriers;
};

} // namespace sluice::sim
