#pragma once

#include "async_copy.cuh"

// Barriers in shared memory. Each phase ends after `count` arrivals.

__device__ inline void barrierInit(unsigned long long *barrier,
                                   unsigned count) {
  asm volatile(
      "mbarrier.init.shared.b64 [%0], %1;" ::"r"(sharedAddress(barrier)),
      "r"(count)
      : "memory");
}

__device__ inline void barrierArrive(unsigned long long *barrier) {
  asm volatile("{\n\t.reg .b64 state;\n\t"
               "mbarrier.arrive.shared.b64 state, [%0];\n\t}" ::"r"(
                   sharedAddress(barrier))
               : "memory");
}

/// Arrives once all copies that this thread has started are complete.
__device__ inline void barrierArriveAfterCopies(unsigned long long *barrier) {
  asm volatile("cp.async.mbarrier.arrive.noinc.shared.b64 [%0];" ::"r"(
                   sharedAddress(barrier))
               : "memory");
}

/// Waits for the end of the phase with this parity: 0 is the first phase. A
/// fresh barrier counts as past a phase of parity 1.
__device__ inline void barrierWait(unsigned long long *barrier,
                                   unsigned parity) {
  unsigned done;
  do {
    asm volatile("{\n\t.reg .pred p;\n\t"
#if __CUDA_ARCH__ >= 900
                 "mbarrier.try_wait.parity.shared.b64 p, [%1], %2;\n\t"
#else
                 "mbarrier.test_wait.parity.shared.b64 p, [%1], %2;\n\t"
#endif
                 "selp.u32 %0, 1, 0, p;\n\t}"
                 : "=r"(done)
                 : "r"(sharedAddress(barrier)), "r"(parity)
                 : "memory");
  } while (!done);
}
