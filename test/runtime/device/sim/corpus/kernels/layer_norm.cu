#include "warp.cuh"

// Layer norm of each row of a [rows, columns] matrix, a block a row, in one
// pass over the input: Welford's running mean and squared deviation, merged by
// Chan's formula.
struct Moments {
  float count, mean, deviation; // deviation: sum of (x - mean)^2

  __device__ void add(float x) {
    count += 1;
    float delta = x - mean;
    mean += delta / count;
    deviation += delta * (x - mean);
  }
  __device__ void merge(Moments other) {
    float both = count + other.count;
    if (both == 0)
      return;
    float delta = other.mean - mean;
    float share = other.count / both;
    mean += delta * share;
    deviation += other.deviation + delta * delta * count * share;
    count = both;
  }
  /// Every lane gets the moments of all 32.
  __device__ void mergeWarp() {
    for (int distance = 16; distance > 0; distance /= 2)
      merge({__shfl_xor_sync(kAllLanes, count, distance),
             __shfl_xor_sync(kAllLanes, mean, distance),
             __shfl_xor_sync(kAllLanes, deviation, distance)});
  }
};

extern "C" __global__ void layerNormRows(const float *input, const float *gain,
                                         const float *bias, float *output,
                                         int columns, float epsilon) {
  __shared__ float counts[32], means[32], deviations[32];
  const float *row = input + (size_t)blockIdx.x * columns;
  float *result = output + (size_t)blockIdx.x * columns;

  Moments moments = {0, 0, 0};
  for (int c = threadIdx.x; c < columns; c += blockDim.x)
    moments.add(row[c]);
  moments.mergeWarp();
  if (laneIndex() == 0) {
    counts[warpIndex()] = moments.count;
    means[warpIndex()] = moments.mean;
    deviations[warpIndex()] = moments.deviation;
  }
  __syncthreads();
  moments = {0, 0, 0};
  if (laneIndex() < blockDim.x / 32)
    moments = {counts[laneIndex()], means[laneIndex()],
               deviations[laneIndex()]};
  moments.mergeWarp();

  float scale = rsqrtf(moments.deviation / columns + epsilon);
  for (int c = threadIdx.x; c < columns; c += blockDim.x)
    result[c] = (row[c] - moments.mean) * scale * gain[c] + bias[c];
}
