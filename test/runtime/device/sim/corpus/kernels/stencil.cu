// One step of a five point stencil on a [rows, columns] grid with zeros around
// it. Blocks of 16x16 threads read their cells and one more on each side into
// shared memory. The weights are in constant memory.
constexpr int kBlock = 16, kTile = kBlock + 2;

// Of the cell itself, of those above, below, left and right.
__constant__ float weights[5] = {0.5f, 0.125f, 0.25f, 0.0625f, 0.03125f};

extern "C" __global__ void stencilStep(const float *before, float *after,
                                       int rows, int columns) {
  __shared__ float tile[kTile][kTile];
  int firstRow = blockIdx.y * kBlock - 1, firstColumn = blockIdx.x * kBlock - 1;
  int thread = threadIdx.y * kBlock + threadIdx.x;
  for (int cell = thread; cell < kTile * kTile; cell += kBlock * kBlock) {
    int row = firstRow + cell / kTile, column = firstColumn + cell % kTile;
    bool inside = row >= 0 && row < rows && column >= 0 && column < columns;
    tile[cell / kTile][cell % kTile] =
        inside ? before[row * columns + column] : 0;
  }
  __syncthreads();

  int y = threadIdx.y + 1, x = threadIdx.x + 1;
  int row = firstRow + y, column = firstColumn + x;
  if (row < rows && column < columns)
    after[row * columns + column] =
        weights[0] * tile[y][x] + weights[1] * tile[y - 1][x] +
        weights[2] * tile[y + 1][x] + weights[3] * tile[y][x - 1] +
        weights[4] * tile[y][x + 1];
}
