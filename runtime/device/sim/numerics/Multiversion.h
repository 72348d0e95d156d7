#pragma once

/// On everything that a multiversioned function calls: what is not inlined is
/// plain x86-64 code.
#define SLUICE_SIM_INLINE [[gnu::always_inline]] inline

/// On a definition of a plain function: compiled for x86-64, -v3 (AVX2, FMA)
/// and -v4 (AVX-512), chosen at program start. Without contraction, and with
/// fma where it is written, the results are equal.
#if defined(__x86_64__) && defined(__linux__)
#define SLUICE_SIM_MULTIVERSION                                                \
  __attribute__((target_clones("default", "arch=x86-64-v3", "arch=x86-64-v4")))
#else
#define SLUICE_SIM_MULTIVERSION
#endif

/// Before a loop over lanes whose iterations do not depend on each other.
/// Without it clang unrolls 32 scalar iterations before its vectoriser sees
/// them. Where the body does not vectorise, the loop is still right.
#pragma clang diagnostic ignored "-Wpass-failed"
#define SLUICE_SIM_PRAGMA(text) _Pragma(#text)
#define SLUICE_SIM_VECTORISE_BY(width, count)                                  \
  SLUICE_SIM_PRAGMA(clang loop vectorize(assume_safety) vectorize_width(width) \
                        interleave_count(count) unroll(disable))
#define SLUICE_SIM_VECTORISE SLUICE_SIM_VECTORISE_BY(16, 2)
