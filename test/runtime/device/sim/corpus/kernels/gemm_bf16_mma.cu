#include "async_copy.cuh"
#include "matrix.cuh"

// product[M, N] f32 = a[M, K] * b[K, N] bf16. Any M, N a multiple of 8, K of
// 32. Blocks of 128 threads compute 64x64 elements, 32x32 a warp, from a ring
// of three stages that cp.async fills.
constexpr int kTile = 64, kDepth = 32, kStages = 3, kThreads = 128;

// Chunks are 8 elements, 16 bytes. They are stored in another order in each row
// (a: in each second row), so that the 8 rows of an ldmatrix hit all banks.
struct Stage {
  uint4 a[kTile * kDepth / 8]; // 64 rows of 4 chunks
  uint4 b[kDepth * kTile / 8]; // 32 rows of 8 chunks
};
static __device__ int chunkOfA(int row, int chunk) {
  return row * 4 + (chunk ^ (row / 2 % 4));
}
static __device__ int chunkOfB(int row, int chunk) {
  return row * 8 + (chunk ^ (row % 8));
}

// What a thread loads of each tile: two chunks of a, 32 rows apart, and two of
// b, 16 rows apart, where the order within a row is the same.
struct Loads {
  const unsigned short *a[2], *b[2]; // in the first tile
  bool validA[2], validB;
  unsigned targetA, targetB; // in the first stage
  int stepB;                 // from tile to tile

  __device__ Loads(Stage &stage, const unsigned short *a,
                   const unsigned short *b, int m, int n, int k, int firstRow,
                   int firstColumn) {
    int row = threadIdx.x / 4, chunk = threadIdx.x % 4;
    targetA = sharedAddress(&stage.a[chunkOfA(row, chunk)]);
    for (int i = 0; i < 2; ++i) {
      validA[i] = firstRow + row + i * 32 < m;
      this->a[i] =
          validA[i] ? a + (firstRow + row + i * 32) * k + chunk * 8 : a;
    }
    row = threadIdx.x / 8, chunk = threadIdx.x % 8;
    targetB = sharedAddress(&stage.b[chunkOfB(row, chunk)]);
    validB = firstColumn + chunk * 8 < n;
    for (int i = 0; i < 2; ++i)
      this->b[i] =
          validB ? b + (row + i * 16) * n + firstColumn + chunk * 8 : b;
    stepB = kDepth * n;
  }

  __device__ void start(int tile, int stage) const {
    unsigned offset = stage * sizeof(Stage);
    for (int i = 0; i < 2; ++i) {
      copyAsync16(targetA + offset + i * 32 * 4 * 16,
                  a[i] + (validA[i] ? tile * kDepth : 0), validA[i]);
      copyAsync16(targetB + offset + i * 16 * 8 * 16,
                  b[i] + (validB ? tile * stepB : 0), validB);
    }
  }
};

// One warp's 32x32 part: 2x4 products of 16x8.
static __device__ void multiplyStage(float (&sum)[2][4][4], const Stage &stage,
                                     int warpRow, int warpColumn) {
  int lane = threadIdx.x % 32;
  for (int step = 0; step < kDepth / 16; ++step) {
    unsigned a[2][4], b[2][4]; // b[j]: 16 rows of 16 columns
    for (int i = 0; i < 2; ++i)
      loadMatrices(a[i],
                   sharedAddress(&stage.a[chunkOfA(warpRow + i * 16 + lane % 16,
                                                   step * 2 + lane / 16)]));
    for (int j = 0; j < 2; ++j)
      loadMatricesTransposed(
          b[j],
          sharedAddress(&stage.b[chunkOfB(
              step * 16 + lane % 16, warpColumn / 8 + j * 2 + lane / 16)]));
    for (int i = 0; i < 2; ++i)
      for (int j = 0; j < 4; ++j)
        multiplyBf16(sum[i][j], a[i], b[j / 2][j % 2 * 2],
                     b[j / 2][j % 2 * 2 + 1]);
  }
}

extern "C" __global__ void __launch_bounds__(kThreads)
    gemmBf16Mma(const unsigned short *a, const unsigned short *b,
                float *product, int m, int n, int k) {
  __shared__ Stage ring[kStages];
  int firstRow = blockIdx.y * kTile, firstColumn = blockIdx.x * kTile;
  Loads loads(ring[0], a, b, m, n, k, firstRow, firstColumn);
  int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
  int warpRow = warp / 2 * 32, warpColumn = warp % 2 * 32;
  int tiles = k / kDepth;
  float sum[2][4][4] = {};

  for (int tile = 0; tile < kStages - 1; ++tile) {
    if (tile < tiles)
      loads.start(tile, tile);
    commitCopies();
  }
#pragma unroll 1
  for (int tile = 0; tile < tiles; ++tile) {
    // A group is committed for each tile, loaded or not: this one has landed
    // when all but the last kStages - 2 have. The barrier shows it to the
    // block, and says that all have left the stage that is filled next.
    waitForCopies<kStages - 2>();
    __syncthreads();
    int next = tile + kStages - 1;
    if (next < tiles)
      loads.start(next, next % kStages);
    commitCopies();
    multiplyStage(sum, ring[tile % kStages], warpRow, warpColumn);
  }

  for (int i = 0; i < 2; ++i)
    for (int j = 0; j < 4; ++j)
      for (int half = 0; half < 2; ++half) {
        int row = firstRow + warpRow + i * 16 + half * 8 + lane / 4;
        int column = firstColumn + warpColumn + j * 8 + lane % 4 * 2;
        if (row < m && column < n)
          *reinterpret_cast<float2 *>(product + row * n + column) = {
              sum[i][j][half * 2], sum[i][j][half * 2 + 1]};
      }
}
