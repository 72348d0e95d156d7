#include "warp.cuh"

// Softmax of each row of a [rows, columns] matrix, a block a row. The largest
// value is taken off first, so that no exponential overflows. The exponentials
// wait in dynamic shared memory, 4 * columns bytes, each for its own thread.
extern "C" __global__ void softmaxRows(const float *input, float *output,
                                       int columns) {
  extern __shared__ float exponentials[];
  __shared__ float partialMaximum[32], partialSum[32];
  const float *row = input + (size_t)blockIdx.x * columns;
  float *result = output + (size_t)blockIdx.x * columns;

  float largest = Maximum::identity;
  for (int c = threadIdx.x; c < columns; c += blockDim.x)
    largest = fmaxf(largest, row[c]);
  largest = blockReduce<Maximum>(largest, partialMaximum);

  float sum = 0;
  for (int c = threadIdx.x; c < columns; c += blockDim.x)
    sum += exponentials[c] = expf(row[c] - largest);
  sum = blockReduce<Sum>(sum, partialSum);

  for (int c = threadIdx.x; c < columns; c += blockDim.x)
    result[c] = exponentials[c] / sum;
}
