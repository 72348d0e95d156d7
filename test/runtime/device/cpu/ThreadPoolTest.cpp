// Grids on threads: every block once, each thread its own range first, and
// nobody goes on before all are done.

#include "runtime/device/cpu/ThreadPool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstring>
#include <ctime>
#include <set>
#include <sys/resource.h>
#include <unistd.h>

using namespace sluice;
using testing::HasSubstr;

namespace {

std::unique_ptr<ThreadPool> create(unsigned threads) {
  Result<std::unique_ptr<ThreadPool>> pool = ThreadPool::create(threads);
  EXPECT_TRUE(pool.ok()) << pool.status().message();
  return *std::move(pool);
}

/// What one block was given.
struct Visit {
  uint32_t x, y, z;
  void *scratch;
  std::thread::id thread;
  int times;
};

/// args[0]: the visits, in the order of the blocks; args[1], args[2]: blocks
/// along x and y.
void visit(const uint64_t *args, uint32_t x, uint32_t y, uint32_t z,
           void *scratch) {
  Visit &v = reinterpret_cast<Visit *>(
      args[0])[x + args[1] * (y + args[2] * uint64_t(z))];
  v = {x, y, z, scratch, std::this_thread::get_id(), v.times + 1};
}

std::vector<Visit> runVisits(ThreadPool &pool, uint32_t x, uint32_t y,
                             uint32_t z) {
  std::vector<Visit> visits(size_t(x) * y * z);
  const uint64_t args[] = {reinterpret_cast<uint64_t>(visits.data()), x, y};
  pool.run({visit, args, x, y, z});
  return visits;
}

/// Waits until `count` is at least `n`; false: not in ten seconds.
bool waitFor(const std::atomic<int> &count, int n) {
  auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (count.load() < n)
    if (std::chrono::steady_clock::now() > end)
      return false;
  return true;
}

/// Blocks that note who came, and wait until something has happened: whatever
/// the threads' speeds, who takes which block is then known.
struct Meeting {
  explicit Meeting(size_t blocks, int threads)
      : visits(blocks), threads(threads) {}

  void run(ThreadPool &pool, BlockFunction function) {
    const uint64_t args[] = {reinterpret_cast<uint64_t>(this)};
    pool.run({function, args, static_cast<uint32_t>(visits.size()), 1, 1});
  }
  void note(uint32_t x, void *scratch) {
    visits[x] = {x, 0, 0, scratch, std::this_thread::get_id(), 1};
    done.fetch_add(1);
  }
  static Meeting &from(const uint64_t *args) {
    return *reinterpret_cast<Meeting *>(args[0]);
  }

  std::vector<Visit> visits; // of a block; times: 0 if it waited in vain
  int threads;               // to wait for
  std::atomic<int> came{0}, done{0};
};

/// Nobody leaves before `threads` blocks have been begun, one by each thread.
void meet(const uint64_t *args, uint32_t x, uint32_t, uint32_t, void *scratch) {
  Meeting &m = Meeting::from(args);
  m.came.fetch_add(1);
  if (waitFor(m.came, m.threads))
    m.note(x, scratch);
}

/// Block 0 waits until all others are done.
void waitForOthers(const uint64_t *args, uint32_t x, uint32_t, uint32_t,
                   void *scratch) {
  Meeting &m = Meeting::from(args);
  if (x != 0 || waitFor(m.done, static_cast<int>(m.visits.size()) - 1))
    m.note(x, scratch);
}

uint64_t processorTime() { // microseconds, of all threads
  timespec time = {};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return uint64_t(time.tv_sec) * 1000000 + uint64_t(time.tv_nsec) / 1000;
}

} // namespace

TEST(ThreadPoolTest, EveryBlockOnceWithItsCoordinates) {
  for (unsigned threads : {1u, 2u, 3u, 8u}) {
    auto pool = create(threads);
    EXPECT_EQ(pool->threads(), threads);
    for (auto [x, y, z] : {std::array<uint32_t, 3>{1, 1, 1},
                           {2, 1, 1},
                           {1, 7, 1},
                           {1, 1, 5},
                           {3, 4, 5},
                           {64, 3, 2},
                           {1000, 1, 1}}) {
      std::vector<Visit> visits = runVisits(*pool, x, y, z);
      for (size_t i = 0; i < visits.size(); ++i) {
        ASSERT_EQ(visits[i].times, 1) << "block " << i;
        ASSERT_EQ(visits[i].x, i % x);
        ASSERT_EQ(visits[i].y, i / x % y);
        ASSERT_EQ(visits[i].z, i / x / y);
      }
    }
  }
}

TEST(ThreadPoolTest, EachThreadBeginsWithItsOwnRange) {
  auto pool = create(3);
  // 11 blocks on 3 threads: 4, 4, 3, the caller's first. The same each time.
  for (int time = 0; time < 3; ++time) {
    Meeting first(11, 3);
    first.run(*pool, meet);
    EXPECT_EQ(first.visits[0].thread, std::this_thread::get_id());
    std::set<std::thread::id> seen;
    for (size_t i : {0, 4, 8})
      seen.insert(first.visits[i].thread);
    EXPECT_EQ(seen.size(), 3u);
  }
}

TEST(ThreadPoolTest, AThreadThatIsDoneTakesFromOthers) {
  for (unsigned threads : {2u, 3u}) {
    auto pool = create(threads);
    Meeting meeting(11, 0);
    meeting.run(*pool, waitForOthers);
    for (size_t i = 0; i < meeting.visits.size(); ++i) {
      EXPECT_EQ(meeting.visits[i].times, 1);
      EXPECT_EQ(meeting.visits[i].thread == std::this_thread::get_id(), i == 0);
    }
  }
}

TEST(ThreadPoolTest, NoMoreThreadsThanBlocks) {
  auto pool = create(8);
  Meeting meeting(3, 3);
  meeting.run(*pool, meet);
  std::set<std::thread::id> seen;
  for (const Visit &v : meeting.visits)
    seen.insert(v.thread);
  EXPECT_EQ(seen.size(), 3u);
  EXPECT_EQ(runVisits(*pool, 1, 1, 1)[0].thread, std::this_thread::get_id());
}

TEST(ThreadPoolTest, ScratchIsTheThreadsOwn) {
  auto pool = create(3);
  constexpr size_t bytes = 10000;
  ASSERT_TRUE(pool->reserveScratch(bytes).ok());
  EXPECT_EQ(pool->scratchBytes(), bytes);
  Meeting meeting(9, 3);
  meeting.run(*pool, meet);
  std::set<void *> places;
  for (const Visit &v : meeting.visits) {
    places.insert(v.scratch);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(v.scratch) % 64, 0u);
  }
  EXPECT_EQ(places.size(), 3u);
  for (void *place : places)
    std::memset(place, 1, bytes);
  ASSERT_TRUE(pool->reserveScratch(100).ok());
  EXPECT_EQ(pool->scratchBytes(), bytes) << "what is there is enough";
  ASSERT_TRUE(pool->reserveScratch(2 * bytes).ok());
  EXPECT_EQ(pool->scratchBytes(), 2 * bytes);
  Status status = pool->reserveScratch(size_t(1) << 60);
  EXPECT_EQ(status.code(), StatusCode::OutOfMemory);
  EXPECT_THAT(status.message(), HasSubstr("scratch in each of 3 threads"));
  EXPECT_EQ(pool->scratchBytes(), 0u);
  EXPECT_EQ(runVisits(*pool, 9, 1, 1)[8].times, 1) << "grids still run";
}

// Each grid adds to what the one before left, in another order of blocks: a
// grid that began too early would read what is not there yet. Plain memory, so
// that the barrier alone makes it visible.
TEST(ThreadPoolTest, GridsAreBarriers) {
  for (unsigned threads : {2u, 3u, 5u}) {
    auto pool = create(threads);
    constexpr uint32_t blocks = 12;
    std::vector<uint64_t> values(blocks, 0), next(blocks, 0);
    BlockFunction shift = [](const uint64_t *args, uint32_t x, uint32_t,
                             uint32_t, void *) {
      auto *from = reinterpret_cast<const uint64_t *>(args[0]);
      auto *to = reinterpret_cast<uint64_t *>(args[1]);
      to[x] = from[(x + 7) % blocks] + 1;
    };
    for (uint64_t i = 1; i <= 1000; ++i) {
      const uint64_t args[] = {reinterpret_cast<uint64_t>(values.data()),
                               reinterpret_cast<uint64_t>(next.data())};
      pool->run({shift, args, blocks, 1, 1});
      std::swap(values, next);
      ASSERT_EQ(values, std::vector<uint64_t>(blocks, i));
    }
  }
}

TEST(ThreadPoolTest, SleepersWakeUp) {
  auto pool = create(3);
  for (int i = 0; i < 20; ++i) {
    usleep(2000); // far longer than they look for work
    EXPECT_EQ(runVisits(*pool, 6, 1, 1)[5].times, 1);
  }
}

TEST(ThreadPoolTest, IdleThreadsSleep) {
  auto pool = create(4);
  runVisits(*pool, 8, 1, 1);
  usleep(20000);
  uint64_t before = processorTime();
  usleep(200000);
  // Four threads that looked for work all the time would take 200 ms and more.
  EXPECT_LT(processorTime() - before, 50000u);
}

TEST(ThreadPoolTest, ThreadsLeaveSignalsToTheProgram) {
  sigset_t before;
  pthread_sigmask(SIG_SETMASK, nullptr, &before);
  auto pool = create(2);
  sigset_t after;
  pthread_sigmask(SIG_SETMASK, nullptr, &after);
  EXPECT_EQ(sigismember(&after, SIGINT), sigismember(&before, SIGINT));
  struct Blocked {
    std::atomic<int> came{0};
    int signals[2] = {-1, -1};
  } blocked;
  BlockFunction look = [](const uint64_t *args, uint32_t x, uint32_t, uint32_t,
                          void *) {
    Blocked &out = *reinterpret_cast<Blocked *>(args[0]);
    out.came.fetch_add(1);
    sigset_t set;
    pthread_sigmask(SIG_SETMASK, nullptr, &set);
    if (waitFor(out.came, 2))
      out.signals[x] = sigismember(&set, SIGINT);
  };
  const uint64_t args[] = {reinterpret_cast<uint64_t>(&blocked)};
  pool->run({look, args, 2, 1, 1});
  EXPECT_EQ(blocked.signals[0], sigismember(&before, SIGINT));
  EXPECT_EQ(blocked.signals[1], 1);
}

TEST(ThreadPoolTest, ImpossibleNumbersOfThreads) {
  for (unsigned threads : {0u, 1025u, ~0u}) {
    Result<std::unique_ptr<ThreadPool>> pool = ThreadPool::create(threads);
    ASSERT_FALSE(pool.ok());
    EXPECT_EQ(pool.status().code(), StatusCode::InvalidArgument);
    EXPECT_THAT(pool.status().message(), HasSubstr("1 to 1024 threads"));
  }
}

// A sanitized process has more address space than any limit here.
#if !__has_feature(address_sanitizer)
TEST(ThreadPoolTest, TheSystemGivesNoMoreThreads) {
  auto limited = [] {
    rlimit limit = {size_t(1) << 30, size_t(1) << 30};
    setrlimit(RLIMIT_AS, &limit); // stacks of 1024 threads take more
    Result<std::unique_ptr<ThreadPool>> pool = ThreadPool::create(1024);
    if (pool.ok())
      _exit(1);
    bool right =
        pool.status().code() == StatusCode::OutOfMemory &&
        pool.status().message().find("no 1024 threads") != std::string::npos;
    _exit(right ? 0 : 2);
  };
  EXPECT_EXIT(limited(), testing::ExitedWithCode(0), "");
}
#endif
