#include "runtime/device/cpu/ThreadPool.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <immintrin.h>
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <system_error>
#include <unistd.h>

namespace sluice {
namespace {

constexpr auto spinTime = std::chrono::microseconds(50);
/// Round to nearest, keep denormals, raise nothing: bits must not depend on
/// what the program has set, which threads inherit from who makes them.
constexpr unsigned usualFloatingPoint = 0x1f80;

class UsualFloatingPoint {
public:
  UsualFloatingPoint() : before(_mm_getcsr()) {
    if (before != usualFloatingPoint)
      _mm_setcsr(usualFloatingPoint);
  }
  ~UsualFloatingPoint() {
    if (before != usualFloatingPoint)
      _mm_setcsr(before);
  }

private:
  unsigned before;
};

/// Enough that a thread which is done finds something to take, few enough that
/// taking costs nothing.
constexpr uint64_t chunksPerRange = 64;

constexpr int looksPerClock = 64; // reading the clock costs more than a look

// std::atomic::wait would do, but how long it spins is the library's.
void futexWait(std::atomic<uint32_t> &word, uint32_t value) {
  syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, value, nullptr, nullptr, 0);
}
void futexWake(std::atomic<uint32_t> &word) {
  syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
}
static_assert(sizeof(std::atomic<uint32_t>) == sizeof(uint32_t));

/// Returns once `word` is not `old`. Whoever changes it must look at `sleeps`
/// afterwards (change). Both orders are seq_cst: either the sleeper sees the
/// new word, or the other one sees that it sleeps.
void waitForChange(std::atomic<uint32_t> &word, uint32_t old,
                   std::atomic<uint32_t> &sleeps) {
  auto end = std::chrono::steady_clock::now() + spinTime;
  do {
    for (int i = 0; i < looksPerClock; ++i) {
      if (word.load(std::memory_order_acquire) != old)
        return;
      _mm_pause();
    }
  } while (std::chrono::steady_clock::now() < end);
  sleeps.store(1);
  while (word.load() == old)
    futexWait(word, old);
  sleeps.store(0);
}

void change(std::atomic<uint32_t> &word, uint32_t value,
            std::atomic<uint32_t> &sleeps) {
  word.store(value);
  if (sleeps.load() != 0)
    futexWake(word);
}

} // namespace

Result<std::unique_ptr<ThreadPool>> ThreadPool::create(unsigned threads) {
  if (threads < 1 || threads > maxThreads)
    return invalidArgument(
        fmt::format("expected 1 to {} threads, got {}", maxThreads, threads));
  std::unique_ptr<ThreadPool> pool(new ThreadPool);
  for (unsigned i = 0; i < threads; ++i)
    pool->members.push_back(std::make_unique<Member>());
  // Signals are for the threads of the program.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  std::string failure;
  try {
    for (unsigned i = 1; i < threads; ++i)
      pool->members[i]->thread =
          std::thread([p = pool.get(), i] { p->work(i); });
  } catch (const std::system_error &error) {
    failure = error.what();
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (!failure.empty())
    return outOfMemory(fmt::format("the system gives no {} threads: {}; ask "
                                   "for fewer",
                                   threads, failure));
  return pool;
}

ThreadPool::~ThreadPool() {
  job.function = nullptr;
  ++jobNumber;
  for (const std::unique_ptr<Member> &member : members)
    if (member->thread.joinable())
      post(*member);
  for (const std::unique_ptr<Member> &member : members)
    if (member->thread.joinable())
      member->thread.join();
  freeScratch();
}

void ThreadPool::freeScratch() {
  for (const std::unique_ptr<Member> &member : members)
    if (member->scratch)
      munmap(std::exchange(member->scratch, nullptr), theScratchBytes);
  theScratchBytes = 0;
}

Status ThreadPool::reserveScratch(size_t bytes) {
  if (bytes <= theScratchBytes)
    return {};
  freeScratch();
  theScratchBytes = bytes;
  for (const std::unique_ptr<Member> &member : members) {
    // Pages come from the system when their own thread first writes them.
    void *memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
      freeScratch();
      return outOfMemory(fmt::format("no memory for {} bytes of scratch in "
                                     "each of {} threads",
                                     bytes, members.size()));
    }
    member->scratch = memory;
  }
  return {};
}

void ThreadPool::post(Member &member) {
  change(member.posted, jobNumber, member.workerSleeps);
}

void ThreadPool::work(unsigned index) {
  _mm_setcsr(usualFloatingPoint);
  Member &self = *members[index];
  uint32_t seen = 0;
  while (true) {
    waitForChange(self.posted, seen, self.workerSleeps);
    seen = self.posted.load(std::memory_order_acquire);
    if (!job.function)
      return;
    runShare(index);
    change(self.finished, seen, self.callerSleeps);
  }
}

/// The own range, then what is left of the others'.
void ThreadPool::runShare(unsigned index) {
  for (unsigned i = 0; i < jobThreads; ++i) {
    Member &owner = *members[(index + i) % jobThreads];
    uint64_t begin = 0;
    while ((begin = owner.next.fetch_add(jobChunk, std::memory_order_relaxed)) <
           owner.end)
      runRange(index, begin, std::min(begin + jobChunk, owner.end));
  }
}

// Kernels lack the marks that the sanitizer looks for in front of a function.
[[clang::no_sanitize("function")]]
void ThreadPool::runRange(unsigned index, uint64_t begin, uint64_t end) const {
  auto x = static_cast<uint32_t>(begin % job.x);
  auto y = static_cast<uint32_t>(begin / job.x % job.y);
  auto z = static_cast<uint32_t>(begin / job.x / job.y);
  void *scratch = members[index]->scratch;
  for (uint64_t i = begin; i < end; ++i) {
    job.function(job.args, x, y, z, scratch);
    if (++x == job.x) {
      x = 0;
      if (++y == job.y) {
        y = 0;
        ++z;
      }
    }
  }
}

void ThreadPool::run(const BlockGrid &grid) {
  UsualFloatingPoint scope;
  uint64_t total = uint64_t(grid.x) * grid.y * grid.z;
  job = grid;
  if (total == 1 || members.size() == 1) {
    runRange(0, 0, total);
    return;
  }
  jobThreads = static_cast<unsigned>(std::min<uint64_t>(total, members.size()));
  uint64_t each = total / jobThreads, more = total % jobThreads, begin = 0;
  jobChunk = std::max<uint64_t>(1, each / chunksPerRange);
  for (unsigned i = 0; i < jobThreads; ++i) {
    members[i]->next.store(begin, std::memory_order_relaxed);
    begin += each + (i < more);
    members[i]->end = begin;
  }
  ++jobNumber;
  for (unsigned i = 1; i < jobThreads; ++i)
    post(*members[i]);
  runShare(0);
  for (unsigned i = 1; i < jobThreads; ++i) {
    Member &member = *members[i];
    uint32_t done = member.finished.load(std::memory_order_acquire);
    while (done != jobNumber) {
      waitForChange(member.finished, done, member.callerSleeps);
      done = member.finished.load(std::memory_order_acquire);
    }
  }
}

} // namespace sluice
