#include "warp.cuh"

// Adds the sum of n floats to *total. Each block sums a strided part, then its
// warps, then itself with the other blocks.
extern "C" __global__ void blockReduceSum(const float *values, float *total,
                                          int n) {
  __shared__ float partial[32];
  float sum = 0;
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n;
       i += gridDim.x * blockDim.x)
    sum += values[i];
  sum = warpReduce<Sum>(sum);
  if (laneIndex() == 0)
    partial[warpIndex()] = sum;
  __syncthreads();
  if (warpIndex() == 0) {
    sum = laneIndex() < blockDim.x / 32 ? partial[laneIndex()] : 0;
    sum = warpReduce<Sum>(sum);
    if (laneIndex() == 0)
      atomicAdd(total, sum);
  }
}
