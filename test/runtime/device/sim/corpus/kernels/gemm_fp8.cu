#include "async_copy.cuh"
#include "matrix.cuh"

// product[M, N] f32 = scale * a[M, K] * transposed b[N, K], e4m3. Any M and N,
// K a multiple of 64. Blocks of 128 threads compute 64x64 elements, 32x32 a
// warp, from a ring of four stages that cp.async fills. Needs sm_89.
constexpr int kTile = 64, kDepth = 64, kStages = 4, kThreads = 128;

// Rows of 4 chunks of 16 bytes, stored in another order in each second row, so
// that the 8 rows of an ldmatrix hit all banks.
struct Stage {
  uint4 a[kTile * 4], b[kTile * 4];
};
static __device__ int chunkAt(int row, int chunk) {
  return row * 4 + (chunk ^ (row / 2 % 4));
}

// 64 rows from `firstRow` on of a [rows, k] matrix, 64 bytes from `first` on;
// zeros for rows that it does not have.
static __device__ void startLoads(uint4 *tile, const unsigned char *matrix,
                                  int rows, int k, int firstRow, int first) {
  for (int i = threadIdx.x; i < kTile * 4; i += kThreads) {
    int row = i / 4, chunk = i % 4;
    bool valid = firstRow + row < rows;
    const unsigned char *source = matrix;
    if (valid)
      source += (firstRow + row) * k + first + chunk * 16;
    copyAsync16(sharedAddress(&tile[chunkAt(row, chunk)]), source, valid);
  }
}

// One warp's 32x32 part: 2x4 products of 16x8.
static __device__ void multiplyStage(float (&sum)[2][4][4], const Stage &stage,
                                     int warpRow, int warpColumn) {
  int lane = threadIdx.x % 32;
  for (int step = 0; step < kDepth / 32; ++step) {
    unsigned a[2][4], b[2][4]; // b[j]: 16 columns of the product
    for (int i = 0; i < 2; ++i)
      loadMatrices(a[i],
                   sharedAddress(&stage.a[chunkAt(warpRow + i * 16 + lane % 16,
                                                  step * 2 + lane / 16)]));
    for (int j = 0; j < 2; ++j)
      loadMatrices(
          b[j],
          sharedAddress(
              &stage.b[chunkAt(warpColumn + j * 16 + lane / 16 * 8 + lane % 8,
                               step * 2 + lane / 8 % 2)]));
    for (int i = 0; i < 2; ++i)
      for (int j = 0; j < 4; ++j)
        multiplyE4m3(sum[i][j], a[i], b[j / 2][j % 2 * 2],
                     b[j / 2][j % 2 * 2 + 1]);
  }
}

extern "C" __global__ void __launch_bounds__(kThreads)
    gemmFp8(const unsigned char *a, const unsigned char *b, float *product,
            int m, int n, int k, float scale) {
  __shared__ Stage ring[kStages];
  int firstRow = blockIdx.y * kTile, firstColumn = blockIdx.x * kTile;
  int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
  int warpRow = warp / 2 * 32, warpColumn = warp % 2 * 32;
  int tiles = k / kDepth;
  float sum[2][4][4] = {};

  auto start = [&](int tile) {
    Stage &stage = ring[tile % kStages];
    startLoads(stage.a, a, m, k, firstRow, tile * kDepth);
    startLoads(stage.b, b, n, k, firstColumn, tile * kDepth);
  };
  for (int tile = 0; tile < kStages - 1; ++tile) {
    if (tile < tiles)
      start(tile);
    commitCopies();
  }
#pragma unroll 1
  for (int tile = 0; tile < tiles; ++tile) {
    waitForCopies<kStages - 2>(); // see gemm_bf16_mma.cu
    __syncthreads();
    if (tile + kStages - 1 < tiles)
      start(tile + kStages - 1);
    commitCopies();
    multiplyStage(sum, ring[tile % kStages], warpRow, warpColumn);
  }

#pragma unroll
  for (int i = 0; i < 2; ++i)
#pragma unroll
    for (int j = 0; j < 4; ++j)
#pragma unroll
      for (int e = 0; e < 4; ++e) {
        int row = firstRow + warpRow + i * 16 + e / 2 * 8 + lane / 4;
        int column = firstColumn + warpColumn + j * 8 + lane % 4 * 2 + e % 2;
        if (row < m && column < n)
          product[row * n + column] = scale * sum[i][j][e];
      }
}
