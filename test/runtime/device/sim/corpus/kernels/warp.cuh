#pragma once

// What the lanes of one warp and the warps of one block do together.

constexpr unsigned kAllLanes = 0xffffffffu;

__device__ inline unsigned laneIndex() { return threadIdx.x % 32; }
__device__ inline unsigned warpIndex() { return threadIdx.x / 32; }

struct Sum {
  static constexpr float identity = 0;
  __device__ static float apply(float a, float b) { return a + b; }
};

struct Maximum {
  static constexpr float identity = -3.402823466e38f;
  __device__ static float apply(float a, float b) { return fmaxf(a, b); }
};

/// Every lane gets the result over all 32.
template <typename Operation> __device__ float warpReduce(float value) {
  for (int distance = 16; distance > 0; distance /= 2)
    value =
        Operation::apply(value, __shfl_xor_sync(kAllLanes, value, distance));
  return value;
}

/// Every lane gets the result over the 4 with its laneIndex() / 4: those that
/// share a row of a matrix fragment.
template <typename Operation> __device__ float quadReduce(float value) {
  value = Operation::apply(value, __shfl_xor_sync(kAllLanes, value, 1));
  return Operation::apply(value, __shfl_xor_sync(kAllLanes, value, 2));
}

/// Every thread gets the result over the block. `partial` holds one float for
/// each warp; it must not be used for anything else in this kernel.
template <typename Operation>
__device__ float blockReduce(float value, float *partial) {
  value = warpReduce<Operation>(value);
  if (laneIndex() == 0)
    partial[warpIndex()] = value;
  __syncthreads();
  unsigned warps = blockDim.x / 32;
  value = laneIndex() < warps ? partial[laneIndex()] : Operation::identity;
  return warpReduce<Operation>(value);
}

/// The sum over the lanes up to this one, itself included.
__device__ inline unsigned warpScan(unsigned value) {
  for (int distance = 1; distance < 32; distance *= 2) {
    unsigned below = __shfl_up_sync(kAllLanes, value, distance);
    if (laneIndex() >= distance)
      value += below;
  }
  return value;
}
