// output[c][r] = input[r][c] through a tile of 32x32 floats in shared memory,
// blocks of 32x8 threads.
constexpr int kTile = 32, kRowsAtOnce = 8;

// A tile row of 32 floats makes the column read hit one bank 32 times; one
// float of padding spreads it over all banks.
template <int padding>
__device__ void transposeTile(const float *input, float *output, int rows,
                              int columns) {
  __shared__ float tile[kTile][kTile + padding];
  int column = blockIdx.x * kTile + threadIdx.x;
  for (int r = threadIdx.y; r < kTile; r += kRowsAtOnce) {
    int row = blockIdx.y * kTile + r;
    if (row < rows && column < columns)
      tile[r][threadIdx.x] = input[row * columns + column];
  }
  __syncthreads();
  int row = blockIdx.y * kTile + threadIdx.x;
  for (int c = threadIdx.y; c < kTile; c += kRowsAtOnce) {
    column = blockIdx.x * kTile + c;
    if (row < rows && column < columns)
      output[column * rows + row] = tile[threadIdx.x][c];
  }
}

extern "C" __global__ void
transposeConflicted(const float *input, float *output, int rows, int columns) {
  transposeTile<0>(input, output, rows, columns);
}

extern "C" __global__ void transposePadded(const float *input, float *output,
                                           int rows, int columns) {
  transposeTile<1>(input, output, rows, columns);
}
