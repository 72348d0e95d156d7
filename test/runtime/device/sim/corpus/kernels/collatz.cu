#include "warp.cuh"

// Loops that end at another time in each lane. steps[i] is how many steps the
// Collatz sequences from i * stride + 1, i * stride + 2, .. take to 1, in sum
// over i % 5 of them. A sequence ends early at a number above `limit`; if the
// first does, steps[i] is -1. longWarps[w] is the mask of the lanes of warp w
// with over 100 steps.
extern "C" __global__ void collatzSteps(int *steps, unsigned *longWarps, int n,
                                        int stride, unsigned limit) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  int total = 0;
  if (i < n) {
    for (int j = 1; j <= i % 5; ++j) {
      unsigned x = i * stride + j;
      int count = 0;
      while (x != 1) {
        if (x > limit) {
          if (j == 1)
            count = -1;
          break;
        }
        if (x % 2 == 0) {
          do { // an inner loop, as even numbers come in runs
            x /= 2;
            ++count;
          } while (x % 2 == 0);
          continue;
        }
        x = 3 * x + 1;
        ++count;
      }
      total += count;
      if (count < 0)
        break;
    }
    steps[i] = total;
  }
  unsigned longLanes = __ballot_sync(kAllLanes, total > 100);
  if (laneIndex() == 0 && i < n)
    longWarps[i / 32] = longLanes;
}
