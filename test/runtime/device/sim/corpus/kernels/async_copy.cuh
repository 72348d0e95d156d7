#pragma once

// cp.async and its groups.

__device__ inline unsigned sharedAddress(const void *pointer) {
  return static_cast<unsigned>(__cvta_generic_to_shared(pointer));
}

/// Starts a copy of 16 bytes to shared memory, or writes 16 zero bytes if not
/// `valid`; `global` is not read then.
__device__ inline void copyAsync16(unsigned shared, const void *global,
                                   bool valid) {
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(shared),
               "l"(__cvta_generic_to_global(global)), "r"(valid ? 16 : 0)
               : "memory");
}

/// The copies that this thread has started since its last group are a group.
__device__ inline void commitCopies() {
  asm volatile("cp.async.commit_group;" ::: "memory");
}

/// Waits until at most `pending` of this thread's groups are not complete.
template <int pending> __device__ void waitForCopies() {
  asm volatile("cp.async.wait_group %0;" ::"n"(pending) : "memory");
}
