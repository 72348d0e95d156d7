#pragma once

#include <cstdint>

namespace sluice::fake {

/// What a test in the same process tells our libcuda.so.1, and asks it.
struct Control {
  /// The `count`-th call of `call` from now on (from 1) returns `code`. More
  /// than one call may be told to.
  void (*fault)(const char *call, uint64_t count, int code);
  /// Whether a fault has happened.
  bool (*fired)();
  /// The calls after the first fault, joined by spaces; good until the next
  /// call of this.
  const char *(*callsSince)();
  /// How often `call` was called since reset.
  uint64_t (*count)(const char *call);
  /// What was created and not given back: "2 streams, 1 event"; "" if nothing.
  const char *(*held)();
  /// The device has this much memory, until reset.
  void (*limit)(uint64_t bytes);
  /// As if the process had just begun.
  void (*reset)();
};

/// The exported function that returns it.
inline constexpr char kControlSymbol[] = "sluiceFakeCudaControl";

} // namespace sluice::fake
