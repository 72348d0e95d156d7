#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::sim {

enum class FindingKind : uint8_t {
  OutOfBounds,
  UseAfterFree,
  Misaligned,
  Uninitialised,
  Race,
  DivergentCollective,
  DivergentBarrier,
  InFlightAccess, // of memory that cp.async is still writing
  BarrierMisuse,  // of bar or mbarrier
  Deadlock,
  ReadOnlyWrite,
  Trap,
  CallDepth,
  InstructionLimit,
  Timeout,
};
std::string_view findingName(FindingKind kind);

/// Something wrong with a kernel, at one instruction; where it happens again
/// and again, only `count` grows and the first place in the grid is kept.
struct Finding {
  FindingKind kind;
  std::string kernel;
  std::string place;       // "kernel.ptx:12"
  std::string location;    // "kernel.cu:7", from .loc; may be empty
  std::string instruction; // its text
  uint32_t block[3] = {};
  uint32_t warp = 0;
  uint32_t lanes = 0; // mask
  std::string detail; // a sentence
  std::string other;  // the other side of a race; else empty
  uint64_t count = 1;
};

/// "kernel.ptx:12: out of bounds: ..." in a few lines.
std::string textOf(const Finding &finding);
/// One JSON object.
std::string jsonOf(const Finding &finding);

struct Instruction;
struct Program;
class Warp;

/// Collects the findings of one launch from all threads. What it returns does
/// not depend on how threads interleave.
class Findings {
public:
  void add(FindingKind kind, const Warp &warp, const Instruction &instruction,
           uint32_t lanes, std::string detail, std::string other = "");
  /// A finding about no single instruction.
  void add(Finding finding);

  bool empty() const;
  std::vector<Finding> take();

private:
  struct Key {
    uint32_t instruction;
    FindingKind kind;
    uint32_t otherInstruction;
    auto operator<=>(const Key &) const = default;
  };
  mutable std::mutex mutex;
  struct Entry {
    Finding finding;
    uint64_t rank; // of block and warp
  };
  std::map<Key, Entry> entries;
  std::vector<Finding> general;
};

} // namespace sluice::sim
