#pragma once

#include "runtime/device/sim/ptx/OpcodeTable.h"

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace sluice::sim {

/// What one instruction of the text did, over the whole grid.
struct LineCounters {
  uint64_t executions = 0;      // by a warp, also with no lane's guard true
  uint64_t lanes = 0;           // active, summed
  uint64_t requests = 0;        // to memory
  uint64_t sectors = 0;         // of 32 bytes, of global and local memory
  uint64_t bytes = 0;           // read or written by all lanes
  uint64_t wavefronts = 0;      // shared memory: passes over its 32 banks
  uint64_t idealWavefronts = 0; // the fewest for that many bytes

  void operator+=(const LineCounters &other);
};

/// A line of the report.
struct CountedLine {
  std::string place;    // "kernel.ptx:12"
  std::string location; // "kernel.cu:7", from .loc; may be empty
  std::string text;     // of the instruction, on one line
  OpClass opClass;
  Space space;
  LineCounters counters;
};

struct Counters {
  std::vector<CountedLine> lines; // those that ran
  std::array<LineCounters, kOpClasses> byClass{};
  LineCounters byAccess[2][6]; // loads, stores (atomics) by Space
  /// Floating-point or integer operations of matrix instructions, by the type
  /// of their operands.
  struct MatrixWork {
    std::string type;
    uint64_t operations = 0;
  };
  std::vector<MatrixWork> matrix;
  uint64_t barrierWaits = 0; // warps that had to wait at bar or mbarrier

  uint64_t sharedConflicts() const; // wavefronts beyond the ideal ones
};

/// Tables for people; `perLine` adds each instruction, by its line.
std::string textOf(const Counters &counters, bool perLine);
std::string jsonOf(const Counters &counters);

} // namespace sluice::sim
