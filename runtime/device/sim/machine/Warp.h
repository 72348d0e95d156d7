#pragma once

#include "runtime/device/sim/machine/Launch.h"

#include <algorithm>
#include <bit>
#include <memory>
#include <new>

namespace sluice::sim {

class Cta;
struct CallPlan; // program/Frames.h
struct Frame;

/// Lanes of a warp that are at one place.
struct Fragment {
  enum class State : uint8_t {
    Ready,
    AtBarrier, // of the block: `id`
    Gathering, // at a collective: `members` have to come
  };
  const Instruction *pc = nullptr;
  LaneMask mask = 0;
  LaneMask executing = 0; // of mask: those whose guard holds
  LaneMask members = 0;
  uint32_t join = kNone;
  uint32_t id = 0;
  State state = State::Ready;
  uint64_t turn = 0;                      // when it last gave way to others
  const Instruction *reduction = nullptr; // bar.red that waits for its result
};

/// A place where lanes that parted, or that a call took away, meet again.
struct Join {
  const Instruction *pc = nullptr; // of a call: nowhere, see Warp::call
  LaneMask expected = 0;           // lanes that have not exited
  LaneMask arrived = 0;
  uint32_t parent = kNone;
  const CallPlan *call = nullptr;     // it is the return of a call,
  const Instruction *back = nullptr;  // to here
  uint32_t depth = 0;                 // calls inside one another, with this one
  std::unique_ptr<std::byte[]> saved; // registers and local memory of a
                                      // recursive caller
  std::vector<LaneMask> savedTaints;  // of these registers
  std::vector<std::vector<bool>> savedWritten; // of that memory, by lane
};

struct FreeAligned {
  void operator()(std::byte *bytes) const {
    ::operator delete[](bytes, std::align_val_t(64));
  }
};
using AlignedBytes = std::unique_ptr<std::byte[], FreeAligned>;
AlignedBytes alignedBytes(uint64_t bytes); // null if there is no memory

class Warp {
public:
  // What the running fragment's handlers use.
  std::byte *registers = nullptr;
  const Instruction *pc = nullptr; // the next instruction
  LaneMask mask = 0;               // lanes of the running fragment
  LaneMask alive = 0;              // lanes that have not exited
  bool running = false;            // false: the loop picks another fragment
  bool yielded = false;            // waits for another warp, so let it run
  uint64_t sinceYield = 0;         // instructions
  uint64_t executed = 0;           // instructions, before this turn
  uint64_t budget = 0;             // instructions until the next warp's turn
  std::byte *local = nullptr;      // localBytes for each lane
  Cta *cta = nullptr;
  Launch *launch = nullptr;
  uint32_t index = 0; // in its block

  template <typename T> T *lanes(uint32_t offset) {
    return reinterpret_cast<T *>(registers + offset);
  }
  template <typename T> const T *lanes(uint32_t offset) const {
    return reinterpret_cast<const T *>(registers + offset);
  }
  LaneMask &predicate(uint32_t offset) {
    return *reinterpret_cast<LaneMask *>(registers + offset);
  }
  /// Writes the lanes of `mask` of a predicate.
  void setPredicate(uint32_t offset, LaneMask value, LaneMask mask) {
    LaneMask &p = predicate(offset);
    p = (p & ~mask) | (value & mask);
  }
  /// A source predicate with its negation.
  LaneMask source(uint32_t offset, bool negated) {
    return negated ? ~predicate(offset) : predicate(offset);
  }
  /// Lanes whose value in a 64-byte unit is not initialised (taint).
  LaneMask &taint(uint32_t unit) { return taints[unit]; }
  /// The same of the first bytes of a register, or of all.
  LaneMask taintOf(uint32_t offset, uint32_t bytes) const {
    LaneMask tainted = 0;
    for (uint32_t unit = 0; unit < std::max(bytes / 2, 1U); ++unit)
      tainted |= taints[offset / kUnit + unit];
    return tainted;
  }
  bool tracksTaint() const { return !taints.empty(); }
  void setTaint(uint32_t unit, LaneMask tainted, LaneMask lanes) {
    taints[unit] = (taints[unit] & ~lanes) | (tainted & lanes);
  }
  /// bar.warp.sync: what these lanes did is known to all of them.
  void lanesMeet(LaneMask lanes);
  /// All lanes run one instruction together, which orders nothing more.
  void lanesGather();

  /// Memory for a program; false if there is none.
  bool prepare(Launch &launch, Cta &cta, uint32_t index);
  /// At the start of its block.
  void start();
  /// Runs until no fragment can go on or the budget is used up.
  void run(uint64_t instructions);
  bool canRun() const;
  bool finished() const { return alive == 0; }

  // For handlers of control flow and collectives.

  /// Lanes `taken` go to `target`, the others of `mask` on to pc.
  void diverge(const Instruction *target, LaneMask taken,
               const Instruction *reconverge);
  void call(const Instruction *target, const CallPlan &plan, LaneMask lanes);
  void returnFrom(LaneMask lanes);
  void exit(LaneMask lanes);
  /// True if all living lanes of `members` are at this instruction; `lanes`
  /// then are all of them, of other fragments too. Else the fragment waits.
  bool gather(const Instruction &instruction, LaneMask &lanes,
              LaneMask members);
  /// The running fragment's lanes `lanes` wait at barrier `id`.
  void waitAtBarrier(uint32_t id, LaneMask lanes);
  void releaseBarrier(uint32_t id);
  /// Lets other fragments, warps and blocks go first.
  void yield() {
    yielded = true;
    budget = 0;
  }
  /// Finding at this warp.
  void report(FindingKind kind, const Instruction &instruction, LaneMask lanes,
              std::string detail, std::string other = "");
  /// Ends the launch.
  void stopLaunch();
  /// "lanes 0x0000ffff at kernel.ptx:12, waiting ..." for each fragment.
  std::string describe() const;

  std::vector<Fragment> fragments; // all but the running one

private:
  template <bool Checked> void loop();
  template <bool Checked> void runStraight();
  bool pick();
  template <typename F> void setSpecials(F wanted);
  void setClocks();
  void split(const Instruction *target, LaneMask lanes);
  void arrive();
  void setJoin(uint32_t newJoin) {
    join = newJoin;
    joinPc = newJoin == kNone ? nullptr : joins[newJoin].pc;
  }
  uint32_t newJoin(Join value);
  void leaveJoins(uint32_t from, LaneMask lanes);
  int threadOf(uint64_t lane) const; // in its block
  void save(const Frame &callee, Join &join);
  void restore(const Join &join, LaneMask lanes);
  void finishCall(Join &done, LaneMask lanes);
  void copyLocal(uint64_t from, uint64_t to, uint32_t bytes, LaneMask lanes);
  void checkGuard(const Instruction &instruction);
  void propagateTaint(const Instruction &instruction, LaneMask lanes);
  void propagateBits(const Instruction &instruction, LaneMask lanes);

  AlignedBytes storage;
  AlignedBytes localStorage;
  std::vector<LaneMask> taints;
  std::vector<Join> joins;
  std::vector<uint32_t> freeJoins;
  uint32_t join = kNone;
  const Instruction *joinPc = nullptr;
  uint64_t turn = 0;     // of the running fragment
  uint64_t lastTurn = 0; // given out
};

} // namespace sluice::sim
