// Adds to counts[v] how often each byte v occurs: a histogram of the block in
// shared memory, then one atomic for each bin.
constexpr int kBins = 256;

extern "C" __global__ void histogramBytes(const unsigned char *values,
                                          unsigned *counts, int n) {
  __shared__ unsigned bins[kBins];
  for (int b = threadIdx.x; b < kBins; b += blockDim.x)
    bins[b] = 0;
  __syncthreads();
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n;
       i += gridDim.x * blockDim.x)
    atomicAdd(&bins[values[i]], 1);
  __syncthreads();
  for (int b = threadIdx.x; b < kBins; b += blockDim.x)
    atomicAdd(&counts[b], bins[b]);
}
