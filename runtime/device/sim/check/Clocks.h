#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

namespace sluice::sim {

/// What somebody knows of other blocks: all that block b did before its time
/// t. Null: nothing.
using BlockTimes = std::shared_ptr<const std::map<uint32_t, uint32_t>>;
BlockTimes joined(const BlockTimes &a, const BlockTimes &b);

/// What is known of a warp's deeds: all before the time `all`, and those of
/// `lanes` before the time `some`. Where several sets of lanes come together,
/// it says more than is known, never less.
struct Seen {
  uint32_t all = 0;
  uint32_t some = 0;
  uint32_t lanes = 0; // mask

  void join(const Seen &other);
};

/// What is published at a barrier or an mbarrier, by warp of the block.
struct Clock {
  std::vector<Seen> warps;
  BlockTimes blocks;
};

/// Who knows of whose deeds, in one block: vector clocks of its warps, and
/// between the lanes of a warp. Time counts the block's synchronising events;
/// what happens between two of them has the same time.
class Clocks {
public:
  Clocks(uint32_t warps, uint32_t block);

  uint32_t now() const { return time; }
  uint32_t block() const { return theBlock; }

  /// Whether `warp` knows what a lane of `other`, or several for a `lane` above
  /// 31, did at `when`.
  bool knows(uint32_t warp, uint32_t other, uint32_t lane, uint32_t when) const;
  /// The same for all lanes of `other`, and whether it may hold for some.
  bool knowsAll(uint32_t warp, uint32_t other, uint32_t when) const {
    return when < known[warp * count + other].all;
  }
  bool knowsSome(uint32_t warp, uint32_t other, uint32_t when) const {
    const Seen &seen = known[warp * count + other];
    return seen.lanes != 0 && when < seen.some;
  }
  /// All lanes of the warp have met since `when`.
  bool knowsMet(uint32_t warp, uint32_t when) const { return when < met[warp]; }
  bool knowsLane(uint32_t warp, uint32_t lane, uint32_t other,
                 uint32_t when) const;
  bool knowsBlock(uint32_t warp, uint32_t block, uint32_t when) const;

  /// bar.warp.sync of these lanes; `all` are those that live.
  void lanesMeet(uint32_t warp, uint32_t lanes, uint32_t all);
  /// All lanes run one instruction together. That orders nothing, but what
  /// they have read before is in their registers.
  void lanesGather(uint32_t warp) { gathered[warp] = time + 1; }
  /// What the warp has done so far, and knows, is published in `clock`.
  void release(uint32_t warp, Clock &clock);
  /// The same for one lane, and for what it knows of its warp's others.
  void releaseLane(uint32_t warp, uint32_t lane, Clock &clock);
  /// The warp learns it.
  void acquire(uint32_t warp, const Clock &clock);

  // Fences of some lanes, and what counts with fences only: relaxed arrivals
  // and waits, and strong accesses; `object` is what is accessed.
  void fence(uint32_t warp, uint32_t lanes, bool acquires, bool releases);
  void arriveRelaxed(uint32_t warp, Clock &clock) const;
  void passRelaxed(uint32_t warp, const Clock &clock);
  /// A strong write: publishes what a fence or .release before it allows.
  void strongWrite(uint32_t warp, BlockTimes &object, bool releases);
  /// A strong read: what it saw counts at once (.acquire) or at a fence.
  void strongRead(uint32_t warp, const BlockTimes &object, bool acquires);

private:
  static void join(Clock &clock, const Clock &other);
  void learn(uint32_t warp, const BlockTimes &times);
  void learnLanes(uint32_t warp, const Seen &seen);
  void publish(uint32_t warp, const Seen &own, Clock &clock);

  uint32_t count;
  uint32_t theBlock;
  uint32_t time = 1;
  std::vector<Seen> known;        // [warp][other]
  std::vector<uint32_t> met;      // by warp: when all its lanes met
  std::vector<uint32_t> gathered; // by warp: behind the last lanesGather
  struct Lanes {
    uint32_t known[32][32] = {};
  };
  std::vector<std::unique_ptr<Lanes>> lanes; // made for partial meetings
  std::vector<BlockTimes> blocks;            // known, by warp
  // By warp: what a fence has made ready to publish, and what one would make
  // known; of the block's warps and of other blocks.
  std::vector<BlockTimes> fenced, observed;
  std::vector<Clock> fencedClock, observedClock;
};

} // namespace sluice::sim
