#include "mbarrier.cuh"
#include "warp.cuh"

// result[i] = value[i] + 2 * value[i + 1] within chunks of 128, the last of a
// chunk with its first. Warp 0 of a block copies chunks to a ring of three
// stages, four others compute. For each stage one barrier says that it is full,
// one that it is empty. n must be a multiple of 4.
constexpr int kChunk = 128, kStages = 3, kConsumers = 4;

extern "C" __global__ void mbarrierPipeline(const float *values, float *result,
                                            int n) {
  __shared__ __align__(16) float ring[kStages][kChunk];
  __shared__ unsigned long long full[kStages], empty[kStages];
  int chunks = (n + kChunk - 1) / kChunk;
  if (threadIdx.x < kStages) {
    barrierInit(&full[threadIdx.x], 32);
    barrierInit(&empty[threadIdx.x], kConsumers);
  }
  __syncthreads();

  int stage = 0;
  unsigned parity = 0;
  for (int chunk = blockIdx.x; chunk < chunks; chunk += gridDim.x) {
    if (warpIndex() == 0) {
      barrierWait(&empty[stage], parity ^ 1);
      int i = chunk * kChunk + laneIndex() * 4;
      bool valid = i < n;
      copyAsync16(sharedAddress(&ring[stage][laneIndex() * 4]),
                  valid ? values + i : values, valid);
      barrierArriveAfterCopies(&full[stage]);
    } else {
      int own = threadIdx.x - 32;
      barrierWait(&full[stage], parity);
      float sum = ring[stage][own] + 2 * ring[stage][(own + 1) % kChunk];
      __syncwarp(); // all lanes have read
      if (laneIndex() == 0)
        barrierArrive(&empty[stage]);
      if (chunk * kChunk + own < n)
        result[chunk * kChunk + own] = sum;
    }
    if (++stage == kStages) {
      stage = 0;
      parity ^= 1;
    }
  }
}
