#include "async_copy.cuh"
#include "matrix.cuh"
#include "warp.cuh"

// Causal attention of [heads, length, 64] bf16 queries, keys and values, f32
// out: softmax(scale * q k^T) v without the [length, length] scores in memory.
// A block of 128 threads takes 64 queries of a head, 16 a warp, and walks over
// the keys 32 at a time; cp.async loads the next 32 meanwhile.
constexpr int kWidth = 64, kQueries = 64, kKeys = 32, kThreads = 128;
constexpr float kMinusInfinity = -__builtin_huge_valf();

// Rows of 8 chunks of 16 bytes, stored in another order in each row, so that
// the 8 rows of an ldmatrix hit all banks.
struct Stage {
  uint4 keys[kKeys * 8], values[kKeys * 8];
};
static __device__ int chunkAt(int row, int chunk) {
  return row * 8 + (chunk ^ (row % 8));
}

// Rows `first` to `first` + 31 of a matrix 64 wide; zeros from row `end` on.
static __device__ void startLoads(uint4 *tile, const unsigned short *matrix,
                                  int end, int first) {
  for (int i = threadIdx.x; i < kKeys * 8; i += kThreads) {
    int row = i / 8, chunk = i % 8;
    bool valid = first + row < end;
    const unsigned short *source = matrix;
    if (valid)
      source += (first + row) * kWidth + chunk * 8;
    copyAsync16(sharedAddress(&tile[chunkAt(row, chunk)]), source, valid);
  }
}

static __device__ float powerOf2(float x) {
  float result;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(result) : "f"(x));
  return result;
}
extern "C" __global__ void __launch_bounds__(kThreads)
    flashAttention(const unsigned short *queries, const unsigned short *keys,
                   const unsigned short *values, float *output, int length,
                   float scaleLog2) { // the scale times log2(e)
  __shared__ Stage ring[2];
  size_t head = (size_t)blockIdx.y * length * kWidth;
  queries += head, keys += head, values += head, output += head;
  int lane = threadIdx.x % 32, group = lane / 4, pair = lane % 4 * 2;
  int firstQuery = blockIdx.x * kQueries;
  int rows[2] = {firstQuery + int(threadIdx.x) / 32 * 16 + group,
                 firstQuery + int(threadIdx.x) / 32 * 16 + group + 8};

  unsigned q[kWidth / 16][4]; // a fragments, straight from memory
#pragma unroll
  for (int step = 0; step < kWidth / 16; ++step)
    for (int r = 0; r < 4; ++r) {
      int row = rows[r % 2], column = step * 16 + r / 2 * 8 + pair;
      q[step][r] = row < length ? *reinterpret_cast<const unsigned *>(
                                      queries + row * kWidth + column)
                                : 0;
    }

  float sum[kWidth / 8][4] = {}; // of weighted values
  float largest[2] = {kMinusInfinity, kMinusInfinity}, weight[2] = {0, 0};
  int visibleKeys = min(length, firstQuery + kQueries);
  startLoads(ring[0].keys, keys, visibleKeys, 0);
  startLoads(ring[0].values, values, visibleKeys, 0);
  commitCopies();
#pragma unroll 1
  for (int firstKey = 0; firstKey < visibleKeys; firstKey += kKeys) {
    const Stage &stage = ring[firstKey / kKeys % 2];
    Stage &next = ring[(firstKey / kKeys + 1) % 2];
    waitForCopies<0>();
    __syncthreads(); // all have this tile, and have left the one before
    startLoads(next.keys, keys, visibleKeys, firstKey + kKeys);
    startLoads(next.values, values, visibleKeys, firstKey + kKeys);
    commitCopies();

    float score[kKeys / 8][4] = {};
#pragma unroll
    for (int step = 0; step < kWidth / 16; ++step)
#pragma unroll
      for (int j = 0; j < kKeys / 16; ++j) {
        unsigned k[4]; // 16 keys
        loadMatrices(
            k,
            sharedAddress(&stage.keys[chunkAt(j * 16 + lane / 16 * 8 + lane % 8,
                                              step * 2 + lane / 8 % 2)]));
        multiplyBf16(score[j * 2], q[step], k[0], k[1]);
        multiplyBf16(score[j * 2 + 1], q[step], k[2], k[3]);
      }

#pragma unroll
    for (int half = 0; half < 2; ++half) { // rows group and group + 8
      float before = largest[half], &top = largest[half];
#pragma unroll
      for (int j = 0; j < kKeys / 8; ++j)
        for (int e = 0; e < 2; ++e) {
          float &s = score[j][half * 2 + e];
          bool visible = firstKey + j * 8 + pair + e <= rows[half];
          s = visible ? s * scaleLog2 : kMinusInfinity;
          top = fmaxf(top, s);
        }
      top = quadReduce<Maximum>(top); // finite: a query sees key 0
      float shrink = powerOf2(before - top);
      weight[half] *= shrink;
#pragma unroll
      for (int j = 0; j < kWidth / 8; ++j)
        for (int e = 0; e < 2; ++e)
          sum[j][half * 2 + e] *= shrink;
#pragma unroll
      for (int j = 0; j < kKeys / 8; ++j)
        for (int e = 0; e < 2; ++e) {
          float &s = score[j][half * 2 + e];
          s = powerOf2(s - top);
          weight[half] += s;
        }
    }

#pragma unroll
    for (int step = 0; step < kKeys / 16; ++step) {
      // The accumulator of two 8 columns is an a fragment of 16.
      unsigned p[4];
      for (int r = 0; r < 4; ++r)
        p[r] = packBf16(score[step * 2 + r / 2][r % 2 * 2],
                        score[step * 2 + r / 2][r % 2 * 2 + 1]);
#pragma unroll
      for (int j = 0; j < kWidth / 16; ++j) {
        unsigned v[4];
        loadMatricesTransposed(
            v, sharedAddress(&stage.values[chunkAt(step * 16 + lane % 16,
                                                   j * 2 + lane / 16)]));
        multiplyBf16(sum[j * 2], p, v[0], v[1]);
        multiplyBf16(sum[j * 2 + 1], p, v[2], v[3]);
      }
    }
  }

#pragma unroll
  for (int half = 0; half < 2; ++half) {
    float total = quadReduce<Sum>(weight[half]);
#pragma unroll
    for (int j = 0; j < kWidth / 8; ++j)
      if (rows[half] < length)
        *reinterpret_cast<float2 *>(output + rows[half] * kWidth + j * 8 +
                                    pair) = {sum[j][half * 2] / total,
                                             sum[j][half * 2 + 1] / total};
  }
}
