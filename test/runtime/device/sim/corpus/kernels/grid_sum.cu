#include "warp.cuh"

// The sum of n floats in one launch: each block writes its own, and the block
// that is done last adds them up. Fences order the sums before the count of
// blocks that are done, and the count before what the last one reads. `done`
// starts as 0.
extern "C" __global__ void gridSum(const float *values, float *sums,
                                   unsigned *done, float *total, int n) {
  __shared__ float partial[32], partialOfLast[32];
  __shared__ bool isLast;
  float sum = 0;
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n;
       i += gridDim.x * blockDim.x)
    sum += values[i];
  sum = blockReduce<Sum>(sum, partial);
  if (threadIdx.x == 0) {
    sums[blockIdx.x] = sum;
    __threadfence();
    isLast = atomicAdd(done, 1) == gridDim.x - 1;
    __threadfence();
  }
  __syncthreads();
  if (!isLast)
    return;
  sum = 0;
  for (int block = threadIdx.x; block < gridDim.x; block += blockDim.x)
    sum += sums[block];
  sum = blockReduce<Sum>(sum, partialOfLast);
  if (threadIdx.x == 0)
    *total = sum;
}
