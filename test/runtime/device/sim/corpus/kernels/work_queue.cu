#include "ordering.cuh"

// A persistent kernel: blocks take ranges from a queue in global memory. A long
// range is split in two, which go back to the queue; a short one is worked on.
// So who finishes a task may have to wait for one that another block adds.
struct Queue {
  unsigned head;       // tickets handed out
  unsigned tail;       // slots handed out to tasks
  unsigned unfinished; // tasks added and neither split nor worked on
};
struct Task {
  int first, end;
};
constexpr int kLongest = 48;

static __device__ void addTask(Queue *queue, Task *tasks, unsigned *ready,
                               Task task) {
  unsigned slot = atomicAdd(&queue->tail, 1);
  tasks[slot] = task;
  storeRelease(&ready[slot], 1);
}

// An empty range once no task is left and none will come.
static __device__ Task takeTask(Queue *queue, const Task *tasks,
                                const unsigned *ready) {
  unsigned slot = atomicAdd(&queue->head, 1);
  while (!loadAcquire(&ready[slot]))
    if (loadRelaxed(&queue->unfinished) == 0)
      return {0, 0};
  return tasks[slot];
}

// As many steps as x says: a power of x modulo 251.
static __device__ unsigned work(unsigned x) {
  unsigned power = 1;
#pragma unroll 1
  for (unsigned i = 0; i < x % 13; ++i)
    power = power * x % 251;
  return power;
}

// result[i] += work(values[i]) for each i once. At first the queue has one task
// for all. `tasks` and `ready` have a slot for each task and each block; slots
// that are not ready are 0.
extern "C" __global__ void workQueue(const unsigned *values, unsigned *result,
                                     Queue *queue, Task *tasks,
                                     unsigned *ready) {
  __shared__ Task taken;
  for (;;) {
    if (threadIdx.x == 0)
      taken = takeTask(queue, tasks, ready);
    __syncthreads();
    Task task = taken;
    __syncthreads(); // thread 0 may take the next from here on
    int length = task.end - task.first;
    if (length == 0)
      return;
    if (length > kLongest) {
      if (threadIdx.x == 0) {
        int middle = task.first + length / 3;
        atomicAdd(&queue->unfinished, 2); // before one is gone
        addTask(queue, tasks, ready, {task.first, middle});
        addTask(queue, tasks, ready, {middle, task.end});
        atomicSub(&queue->unfinished, 1);
      }
    } else {
      for (int i = task.first + threadIdx.x; i < task.end; i += blockDim.x)
        result[i] += work(values[i]);
      if (threadIdx.x == 0)
        atomicSub(&queue->unfinished, 1);
    }
  }
}
