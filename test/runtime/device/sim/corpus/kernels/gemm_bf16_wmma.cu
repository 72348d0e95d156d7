#include <mma.h>

// product[M, N] f32 = a[M, K] * b[K, N] bf16, any sizes, through wmma, whose
// fragments are opaque. Blocks of 128 threads compute 32x32 elements, 16x16 a
// warp.
using namespace nvcuda;
constexpr int kTile = 32, kDepth = 16, kThreads = 128;
constexpr int kPitchA = kDepth + 8, kPitchB = kTile + 8; // elements, padded

extern "C" __global__ void gemmBf16Wmma(const unsigned short *a,
                                        const unsigned short *b, float *product,
                                        int m, int n, int k) {
  __shared__ __align__(32) unsigned short tileA[kTile * kPitchA];
  __shared__ __align__(32) unsigned short tileB[kDepth * kPitchB];
  __shared__ __align__(32) float results[kThreads / 32][16 * 16];
  int firstRow = blockIdx.y * kTile, firstColumn = blockIdx.x * kTile;
  int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
  int warpRow = warp / 2 * 16, warpColumn = warp % 2 * 16;

  wmma::fragment<wmma::accumulator, 16, 16, 16, float> sum;
  wmma::fill_fragment(sum, 0);
  for (int first = 0; first < k; first += kDepth) {
    for (int i = threadIdx.x; i < kTile * kDepth; i += kThreads) {
      int row = i / kDepth, depth = i % kDepth;
      bool inside = firstRow + row < m && first + depth < k;
      tileA[row * kPitchA + depth] =
          inside ? a[(firstRow + row) * k + first + depth] : 0;
    }
    for (int i = threadIdx.x; i < kDepth * kTile; i += kThreads) {
      int depth = i / kTile, column = i % kTile;
      bool inside = first + depth < k && firstColumn + column < n;
      tileB[depth * kPitchB + column] =
          inside ? b[(first + depth) * n + firstColumn + column] : 0;
    }
    __syncthreads();
    wmma::fragment<wmma::matrix_a, 16, 16, 16, __nv_bfloat16, wmma::row_major>
        partA;
    wmma::fragment<wmma::matrix_b, 16, 16, 16, __nv_bfloat16, wmma::row_major>
        partB;
    wmma::load_matrix_sync(
        partA, reinterpret_cast<__nv_bfloat16 *>(&tileA[warpRow * kPitchA]),
        kPitchA);
    wmma::load_matrix_sync(
        partB, reinterpret_cast<__nv_bfloat16 *>(&tileB[warpColumn]), kPitchB);
    wmma::mma_sync(sum, partA, partB, sum);
    __syncthreads();
  }

  wmma::store_matrix_sync(results[warp], sum, 16, wmma::mem_row_major);
  __syncwarp();
  for (int i = lane; i < 16 * 16; i += 32) {
    int row = firstRow + warpRow + i / 16,
        column = firstColumn + warpColumn + i % 16;
    if (row < m && column < n)
      product[row * n + column] = results[warp][i];
  }
}
