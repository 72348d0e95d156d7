// Two warps of a block load chunks of 64 values into one of two buffers, two
// others work on them. Barriers 1 and 2 say that a buffer is full, 3 and 4 that
// it is empty: who need not wait only arrives.
constexpr int kChunk = 64, kThreads = 128;

template <int barrier> __device__ void wait() {
  asm volatile("bar.sync %0, %1;" ::"n"(barrier), "n"(kThreads) : "memory");
}
template <int barrier> __device__ void signal() {
  asm volatile("bar.arrive %0, %1;" ::"n"(barrier), "n"(kThreads) : "memory");
}

template <int slot>
__device__ void produce(float *buffer, const float *values, int n, int chunk) {
  int own = threadIdx.x, i = chunk * kChunk + own;
  float value = i < n ? values[i] : 0;
  if (chunk >= 2)
    wait<3 + slot>();
  buffer[own] = value;
  signal<1 + slot>();
}

template <int slot>
__device__ void consume(const float *buffer, float *result, int n, int chunk,
                        int chunks) {
  int own = threadIdx.x - kChunk, i = chunk * kChunk + own;
  wait<1 + slot>();
  float value = buffer[own] - 3 * buffer[kChunk - 1 - own];
  if (chunk + 2 < chunks) // else nobody waits
    signal<3 + slot>();
  if (i < n)
    result[i] = value;
}

// One block. result[i] = values[i] - 3 * values[mirror of i in its chunk];
// values behind n count as 0.
extern "C" __global__ void namedBarriers(const float *values, float *result,
                                         int n) {
  __shared__ float buffers[2][kChunk];
  int chunks = (n + kChunk - 1) / kChunk;
#pragma unroll 1
  for (int chunk = 0; chunk < chunks; chunk += 2) {
    bool both = chunk + 1 < chunks;
    if (threadIdx.x < kChunk) {
      produce<0>(buffers[0], values, n, chunk);
      if (both)
        produce<1>(buffers[1], values, n, chunk + 1);
    } else {
      consume<0>(buffers[0], result, n, chunk, chunks);
      if (both)
        consume<1>(buffers[1], result, n, chunk + 1, chunks);
    }
  }
}
