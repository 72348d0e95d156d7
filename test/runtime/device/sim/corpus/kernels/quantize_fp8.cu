#include "warp.cuh"

// Codes of e4m3 for a [rows, columns] matrix of f32, in blocks of 128 along the
// columns, each with its own scale: value = code * scale, scale = largest /
// 448, or 1 for a block of zeros. A warp a block, four values a lane. Columns
// must be a multiple of 4. Needs sm_89.
constexpr int kBlock = 128;

static __device__ unsigned packE4m3(float low, float high) {
  unsigned short pair;
  asm("cvt.rn.satfinite.e4m3x2.f32 %0, %1, %2;"
      : "=h"(pair)
      : "f"(high), "f"(low));
  return pair;
}

extern "C" __global__ void quantizeFp8(const float *values, unsigned *codes,
                                       float *scales, int rows, int columns) {
  int blocks = (columns + kBlock - 1) / kBlock;
  int item = blockIdx.x * (blockDim.x / 32) + warpIndex();
  if (item >= rows * blocks)
    return;
  int row = item / blocks, first = item % blocks * kBlock;
  int column = first + laneIndex() * 4;
  float4 x = {0, 0, 0, 0};
  if (column < columns)
    x = *reinterpret_cast<const float4 *>(values + row * columns + column);

  // The bits of floats that are not negative are in the order of the floats.
  float lane =
      fmaxf(fmaxf(fabsf(x.x), fabsf(x.y)), fmaxf(fabsf(x.z), fabsf(x.w)));
  unsigned bits = __reduce_max_sync(kAllLanes, __float_as_uint(lane));
  float largest = __uint_as_float(bits);
  float scale = largest > 0 ? largest / 448 : 1;
  if (laneIndex() == 0)
    scales[item] = scale;
  if (column < columns)
    codes[(row * columns + column) / 4] =
        packE4m3(x.x / scale, x.y / scale) | packE4m3(x.z / scale, x.w / scale)
                                                 << 16;
}
