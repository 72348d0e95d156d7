#pragma once

#include "runtime/device/sim/numerics/Approximate.h"
#include "runtime/device/sim/numerics/Convert.h"
#include "runtime/device/sim/numerics/HalfArithmetic.h"

namespace sluice::sim {

// One instruction on the 32 lanes of a warp, for the forms that kernels use
// most; each exists for x86-64, -v3 and -v4. Operands are arrays of 32 elements
// (of 16-, 32- or 64-bit registers), any alignment; the result may be one of
// the operands' registers. All lanes are computed: a caller with fewer active
// ones keeps the others' old values.

inline constexpr int kLanes = 32;

/// d = f(a), f(a, b), f(a, b, c) lane by lane; operands that f lacks are not
/// looked at, nor are options.
using LanesFunction = void(void *d, const void *a, const void *b, const void *c,
                           uint32_t options);

enum class HalfOperation : uint8_t { Add, Sub, Mul, Fma };

/// add, sub, mul, fma .f16 .bf16 (16-bit registers) or with `packed` .f16x2
/// .bf16x2 (32-bit): every combination of modifiers that PTX has. Null for one
/// that it has not (.ftz and .sat of bf16, .relu of others than fma).
LanesFunction *halfLanes(HalfOperation operation, NumberType type, bool packed,
                         const HalfModifiers &modifiers);

/// cvt of one operand or, for a packed result from two f32, of (a, b), where a
/// gives the upper half. Widths are those of the types' registers: 8-bit and
/// narrower elements lie alone in 16 bits, x2 of 8-bit ones in 16, x2 of e2m1
/// in 16, of which the lower 8 count. Null where no fast form exists: use
/// convert of Convert.h for each lane.
LanesFunction *convertLanes(const Conversion &conversion, bool packed);

/// f.approx{.ftz}.f32 for Ex2, Lg2, Rcp, Rsqrt, Sqrt without a seed. Else null.
LanesFunction *approximateLanes(Approximation f, bool ftz);

} // namespace sluice::sim
