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
