#pragma once

#include <cstdint>

namespace sluice::sim {

// Generic addresses. Global and constant memory are themselves; shared and
// local memory and kernel parameters are seen through windows: a generic
// address is the window's start plus the address in its space.

inline constexpr uint64_t kWindowBytes = uint64_t{1} << 32;
inline constexpr uint64_t kSharedWindow = uint64_t{1} << 40;
inline constexpr uint64_t kLocalWindow = uint64_t{2} << 40;
inline constexpr uint64_t kParamWindow = uint64_t{3} << 40;
/// Functions have addresses, too, where there is no memory.
inline constexpr uint64_t kCodeWindow = uint64_t{4} << 40;
inline constexpr uint64_t kFunctionBytes = 16;
/// Allocations begin here.
inline constexpr uint64_t kGlobalStart = uint64_t{0x7f} << 40;

/// The first bytes of the shared window belong to nobody, so that address 0 is
/// never a variable's; as on hardware since sm_80.
inline constexpr uint64_t kSharedStart = 1024;
inline constexpr uint64_t kLocalStart = 64;

} // namespace sluice::sim
