#pragma once

// Loads and stores that order memory between blocks, as the PTX memory model
// names them.

__device__ inline unsigned loadAcquire(const unsigned *address) {
  unsigned value;
  asm volatile("ld.acquire.gpu.global.u32 %0, [%1];"
               : "=r"(value)
               : "l"(__cvta_generic_to_global(address))
               : "memory");
  return value;
}

__device__ inline unsigned loadRelaxed(const unsigned *address) {
  unsigned value;
  asm volatile("ld.relaxed.gpu.global.u32 %0, [%1];"
               : "=r"(value)
               : "l"(__cvta_generic_to_global(address))
               : "memory");
  return value;
}

__device__ inline void storeRelease(unsigned *address, unsigned value) {
  asm volatile("st.release.gpu.global.u32 [%0], %1;" ::"l"(
                   __cvta_generic_to_global(address)),
               "r"(value)
               : "memory");
}
