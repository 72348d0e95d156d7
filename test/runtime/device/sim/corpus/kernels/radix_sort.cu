#include "warp.cuh"

// One pass of a least significant digit radix sort with digits of 8 bits, in
// three kernels of 256 threads a block, a key a thread. counts[digit][block]
// holds how many keys of a block have a digit, then where the first goes.
constexpr int kDigits = 256, kWarps = kDigits / 32;

extern "C" __global__ void radixCount(const unsigned *keys, unsigned *counts,
                                      int n, int shift) {
  __shared__ unsigned bins[kDigits];
  bins[threadIdx.x] = 0;
  __syncthreads();
  int i = blockIdx.x * kDigits + threadIdx.x;
  if (i < n)
    atomicAdd(&bins[keys[i] >> shift & 0xff], 1);
  __syncthreads();
  counts[threadIdx.x * gridDim.x + blockIdx.x] = bins[threadIdx.x];
}

// One block: thread d owns the counts of digit d. Exclusive prefix sum.
extern "C" __global__ void radixOffsets(unsigned *counts, int blocks) {
  __shared__ unsigned warpTotal[kWarps];
  unsigned *mine = counts + threadIdx.x * blocks;
  unsigned total = 0;
#pragma unroll 1
  for (int b = 0; b < blocks; ++b)
    total += mine[b];
  unsigned upTo = warpScan(total);
  if (laneIndex() == 31)
    warpTotal[warpIndex()] = upTo;
  __syncthreads();
  unsigned offset = upTo - total;
#pragma unroll 1
  for (int w = 0; w < warpIndex(); ++w)
    offset += warpTotal[w];
#pragma unroll 1
  for (int b = 0; b < blocks; ++b) {
    unsigned count = mine[b];
    mine[b] = offset;
    offset += count;
  }
}

// Keeps the order of equal digits: a key goes behind those of blocks before, of
// warps before and of lanes before.
extern "C" __global__ void radixScatter(const unsigned *keys, unsigned *sorted,
                                        const unsigned *offsets, int n,
                                        int shift) {
  __shared__ unsigned next[kWarps][kDigits];
  for (int w = 0; w < kWarps; ++w)
    next[w][threadIdx.x] = 0;
  __syncthreads();

  int i = blockIdx.x * kDigits + threadIdx.x;
  bool valid = i < n;
  unsigned key = 0, digit = 0, rank = 0;
  unsigned lanes = __ballot_sync(kAllLanes, valid);
  if (valid) {
    key = keys[i];
    digit = key >> shift & 0xff;
    unsigned peers = __match_any_sync(lanes, digit);
    rank = __popc(peers & ((1u << laneIndex()) - 1));
    if (rank == 0)
      next[warpIndex()][digit] = __popc(peers);
  }
  __syncthreads();

  unsigned offset = offsets[threadIdx.x * gridDim.x + blockIdx.x];
  for (int w = 0; w < kWarps; ++w) {
    unsigned count = next[w][threadIdx.x];
    next[w][threadIdx.x] = offset;
    offset += count;
  }
  __syncthreads();
  if (valid)
    sorted[next[warpIndex()][digit] + rank] = key;
}
