// Grids on threads: every block once, on the thread that had it before, and
// nobody goes on before all are done.

#include "runtime/device/cpu/ThreadPool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
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

TEST(ThreadPoolTest, ThreadsTakeContiguousRangesTheSameEachTime) {
  auto pool = create(3);
  std::vector<Visit> first = runVisits(*pool, 11, 1, 1);
  // 11 blocks on 3 threads: 4, 4, 3, the caller's first.
  for (size_t i = 0; i < first.size(); ++i) {
    EXPECT_EQ(first[i].thread == std::this_thread::get_id(), i < 4);
    EXPECT_EQ(first[i].thread, first[i / 4 * 4].thread);
  }
  EXPECT_NE(first[4].thread, first[8].thread);
  std::vector<Visit> again = runVisits(*pool, 11, 1, 1);
  for (size_t i = 0; i < first.size(); ++i)
    EXPECT_EQ(again[i].thread, first[i].thread);
}

TEST(ThreadPoolTest, NoMoreThreadsThanBlocks) {
  auto pool = create(8);
  std::set<std::thread::id> seen;
  for (const Visit &v : runVisits(*pool, 3, 1, 1))
    seen.insert(v.thread);
  EXPECT_EQ(seen.size(), 3u);
  EXPECT_EQ(runVisits(*pool, 1, 1, 1)[0].thread, std::this_thread::get_id());
}

TEST(ThreadPoolTest, ScratchIsTheThreadsOwn) {
  auto pool = create(3);
  constexpr size_t bytes = 10000;
  ASSERT_TRUE(pool->reserveScratch(bytes).ok());
  EXPECT_EQ(pool->scratchBytes(), bytes);
  std::set<void *> places;
  for (const Visit &v : runVisits(*pool, 9, 1, 1)) {
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
  int blocked[2] = {-1, -1};
  BlockFunction look = [](const uint64_t *args, uint32_t x, uint32_t, uint32_t,
                          void *) {
    sigset_t set;
    pthread_sigmask(SIG_SETMASK, nullptr, &set);
    reinterpret_cast<int *>(args[0])[x] = sigismember(&set, SIGINT);
  };
  const uint64_t args[] = {reinterpret_cast<uint64_t>(blocked)};
  pool->run({look, args, 2, 1, 1});
  EXPECT_EQ(blocked[0], sigismember(&before, SIGINT));
  EXPECT_EQ(blocked[1], 1);
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
