#include "warp.cuh"

// product[r] = sum over c of matrix[r][c] * vector[c], bf16 in, f32 out, a warp
// a row. Columns must be a multiple of 8: lanes read 16 bytes at a time.
static __device__ float lowHalf(unsigned pair) {
  return __uint_as_float(pair << 16);
}
static __device__ float highHalf(unsigned pair) {
  return __uint_as_float(pair & 0xffff0000u);
}
static __device__ float dot(unsigned a, unsigned b, float sum) {
  sum = fmaf(lowHalf(a), lowHalf(b), sum);
  return fmaf(highHalf(a), highHalf(b), sum);
}

extern "C" __global__ void gemvBf16(const unsigned short *matrix,
                                    const unsigned short *vector,
                                    float *product, int rows, int columns) {
  int row = blockIdx.x * (blockDim.x / 32) + warpIndex();
  if (row >= rows)
    return;
  auto *weights = reinterpret_cast<const uint4 *>(matrix + row * columns);
  auto *inputs = reinterpret_cast<const uint4 *>(vector);
  float sum = 0;
  for (int c = laneIndex(); c < columns / 8; c += 32) {
    uint4 w = weights[c], x = inputs[c];
    sum = dot(w.x, x.x, sum);
    sum = dot(w.y, x.y, sum);
    sum = dot(w.z, x.z, sum);
    sum = dot(w.w, x.w, sum);
  }
  sum = warpReduce<Sum>(sum);
  if (laneIndex() == 0)
    product[row] = sum;
}
