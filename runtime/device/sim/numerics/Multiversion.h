#pragma once

/// On a definition of a plain function: compiled for x86-64, -v3 (AVX2, FMA)
/// and -v4 (AVX-512), chosen at program start. What it calls must be inlined
/// to gain. Explicit fma keeps the results equal.
#if defined(__x86_64__) && defined(__linux__)
#define SLUICE_SIM_MULTIVERSION                                                \
  __attribute__((target_clones("default", "arch=x86-64-v3", "arch=x86-64-v4")))
#else
#define SLUICE_SIM_MULTIVERSION
#endif
