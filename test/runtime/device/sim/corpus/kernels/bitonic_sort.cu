// Sorts each run of 256 keys in place, a block a run, 128 threads: each owns
// one compare and exchange of every step.
constexpr int kKeys = 256, kThreads = kKeys / 2;

extern "C" __global__ void bitonicSort(unsigned *keys, int n) {
  __shared__ unsigned run[kKeys];
  int first = blockIdx.x * kKeys;
  for (int i = threadIdx.x; i < kKeys; i += kThreads)
    run[i] = first + i < n ? keys[first + i] : 0xffffffffu; // goes last

#pragma unroll 1
  for (int size = 2; size <= kKeys; size *= 2)
#pragma unroll 1
    for (int distance = size / 2; distance > 0; distance /= 2) {
      __syncthreads();
      int low = 2 * threadIdx.x - (threadIdx.x & (distance - 1));
      int high = low + distance;
      bool ascending = (low & size) == 0;
      unsigned a = run[low], b = run[high];
      if ((a > b) == ascending) {
        run[low] = b;
        run[high] = a;
      }
    }
  __syncthreads();

  for (int i = threadIdx.x; i < kKeys; i += kThreads)
    if (first + i < n)
      keys[first + i] = run[i];
}
