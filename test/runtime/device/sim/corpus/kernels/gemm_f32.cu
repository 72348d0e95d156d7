// product[M, N] = a[M, K] * b[K, N] in f32, any sizes. Blocks of 16x16 threads
// compute 32x32 elements, 2x2 a thread, from tiles of 16 columns of a and 16
// rows of b.
constexpr int kTile = 32, kDepth = 16, kThreads = 256;

extern "C" __global__ void gemmF32(const float *a, const float *b,
                                   float *product, int m, int n, int k) {
  __shared__ float tileA[kDepth][kTile + 1]; // transposed
  __shared__ float tileB[kDepth][kTile];
  int firstRow = blockIdx.y * kTile, firstColumn = blockIdx.x * kTile;
  int thread = threadIdx.y * 16 + threadIdx.x;
  float sum[2][2] = {};

  for (int first = 0; first < k; first += kDepth) {
    for (int i = thread; i < kTile * kDepth; i += kThreads) {
      int row = firstRow + i / kDepth, depth = first + i % kDepth;
      tileA[i % kDepth][i / kDepth] =
          row < m && depth < k ? a[row * k + depth] : 0;
    }
    for (int i = thread; i < kDepth * kTile; i += kThreads) {
      int depth = first + i / kTile, column = firstColumn + i % kTile;
      tileB[i / kTile][i % kTile] =
          depth < k && column < n ? b[depth * n + column] : 0;
    }
    __syncthreads();
    for (int d = 0; d < kDepth; ++d)
      for (int i = 0; i < 2; ++i)
        for (int j = 0; j < 2; ++j)
          sum[i][j] +=
              tileA[d][threadIdx.y + 16 * i] * tileB[d][threadIdx.x + 16 * j];
    __syncthreads();
  }

  for (int i = 0; i < 2; ++i)
    for (int j = 0; j < 2; ++j) {
      int row = firstRow + threadIdx.y + 16 * i;
      int column = firstColumn + threadIdx.x + 16 * j;
      if (row < m && column < n)
        product[row * n + column] = sum[i][j];
    }
}
