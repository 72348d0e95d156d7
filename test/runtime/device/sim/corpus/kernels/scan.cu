#include "ordering.cuh"
#include "warp.cuh"

// Inclusive prefix sum of n integers in one launch: each block scans a tile of
// blockDim.x elements and waits for the running sum of the tile before. Tiles
// are handed out by tickets, so the one that is waited for has always started.
// `ticket` and `ready` (one a tile) start as zeros.
extern "C" __global__ void scanInclusive(const unsigned *values, unsigned *sums,
                                         unsigned *ticket, unsigned *ready,
                                         unsigned *running, int n) {
  __shared__ unsigned warpTotal[32];
  __shared__ unsigned tileOfBlock, sumBefore;
  if (threadIdx.x == 0)
    tileOfBlock = atomicAdd(ticket, 1);
  __syncthreads();
  unsigned tile = tileOfBlock;
  int i = tile * blockDim.x + threadIdx.x;

  unsigned sum = warpScan(i < n ? values[i] : 0);
  if (laneIndex() == 31)
    warpTotal[warpIndex()] = sum;
  __syncthreads();

  if (warpIndex() == 0) {
    unsigned warps = blockDim.x / 32;
    unsigned upTo = warpScan(laneIndex() < warps ? warpTotal[laneIndex()] : 0);
    if (laneIndex() < warps)
      warpTotal[laneIndex()] = upTo;
    if (laneIndex() == 31) { // here upTo is the sum of the tile
      unsigned before = 0;
      if (tile > 0) {
        while (loadAcquire(&ready[tile - 1]) == 0) {
        }
        before = running[tile - 1];
      }
      running[tile] = before + upTo;
      storeRelease(&ready[tile], 1);
      sumBefore = before;
    }
  }
  __syncthreads();

  if (warpIndex() > 0)
    sum += warpTotal[warpIndex() - 1];
  if (i < n)
    sums[i] = sumBefore + sum;
}
