// Runs on a GPU what tests have recorded of the simulator, and compares.
//
//     SLUICE_SIM_RECORD=launches build/test/bin/SimOpTest
//     sim-replay launches
//
// Each launch gets one line of JSON, with its status:
//
//   equal     all memory is, bit for bit, as the simulator left it
//   differs   some 32-bit words of it are not; which, and by how much
//   refused   the driver does not take the PTX; its log
//   failed    the launch failed, or did not end within 20 s
//
// Exit codes: 0, also with differences; 2 no GPU, or no such file.

#include "test/runtime/device/sim/hardware/GpuLaunch.h"

#include <fmt/format.h>

#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <map>

using namespace sluice;
using namespace sluice::sim;

namespace {

std::string quoted(const std::string &text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\')
      out += '\\';
    out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return out + "\"";
}

uint32_t wordAt(const std::string &bytes, size_t at) {
  uint32_t word = 0;
  std::memcpy(&word, bytes.data() + at, std::min<size_t>(4, bytes.size() - at));
  return word;
}

struct Difference {
  uint64_t words = 0, differing = 0;
  double relative = 0; // the greatest, of words as f32
  std::string first;

  void add(const std::string &gpu, const std::string &sim, size_t memory) {
    for (size_t at = 0; at < sim.size(); at += 4) {
      ++words;
      uint32_t x = wordAt(gpu, at), y = wordAt(sim, at);
      if (x == y)
        continue;
      if (differing++ == 0)
        first = fmt::format("memory {} word {}: GPU {:08x}, simulator {:08x}",
                            memory, at / 4, x, y);
      float a = 0, b = 0;
      std::memcpy(&a, &x, 4);
      std::memcpy(&b, &y, 4);
      double difference = std::fabs(double{a} - double{b});
      double scale = std::max(std::fabs(double{a}), std::fabs(double{b}));
      if (std::isfinite(difference) && scale > 0)
        relative = std::max(relative, difference / scale);
    }
  }
};

std::string lineOf(const Recording &recording, const std::string &status,
                   const std::string &more) {
  return fmt::format("{{\"test\":{},\"kernel\":{},\"status\":\"{}\"{}}}\n",
                     quoted(recording.name), quoted(recording.kernel), status,
                     more);
}

std::string outcomeOf(GpuLaunch &gpu, const Recording &recording) {
  Result<std::vector<std::string>> memories = gpu.run(recording);
  if (!memories.ok())
    return lineOf(
        recording, gpu.wasRefused() ? "refused" : "failed",
        fmt::format(",\"why\":{}", quoted(memories.status().message())));
  Difference difference;
  uint64_t hash = 0xcbf29ce484222325; // FNV-1a
  for (size_t i = 0; i < memories->size(); ++i) {
    difference.add((*memories)[i], recording.memories[i].after, i);
    for (unsigned char c : (*memories)[i])
      hash = (hash ^ c) * 0x100000001b3;
  }
  std::string more =
      fmt::format(",\"words\":{},\"hash\":\"{:016x}\"", difference.words, hash);
  if (difference.differing != 0)
    more += fmt::format(",\"differing\":{},\"relative\":{:.3g},\"first\":{}",
                        difference.differing, difference.relative,
                        quoted(difference.first));
  return lineOf(recording, difference.differing == 0 ? "equal" : "differs",
                more);
}

/// In a process of its own, as a failed launch spoils its process: runs the
/// recordings from `first` on. Each byte on `progress` is one that is done.
int runFrom(const std::string &path, size_t first, int progress) {
  auto gpu = GpuLaunch::open();
  if (!gpu.ok()) {
    fmt::print(stderr, "sim-replay: {}\n", gpu.status().message());
    return 2;
  }
  size_t index = 0;
  Status status = forEachRecording(path, [&](Recording &&recording) {
    if (index++ < first)
      return true;
    alarm(20);
    std::string line = outcomeOf(**gpu, recording);
    std::fputs(line.c_str(), stdout);
    std::fflush(stdout);
    char done = 1;
    (void)!write(progress, &done, 1);
    return !(*gpu)->isLost();
  });
  if (!status.ok())
    fmt::print(stderr, "sim-replay: {}\n", status.message());
  return status.ok() ? ((*gpu)->isLost() ? 1 : 0) : 2;
}

} // namespace

int main(int count, char **arguments) {
  if (count != 2) {
    fmt::print(stderr, "usage: sim-replay RECORDINGS\n");
    return 2;
  }
  std::string path = arguments[1];
  for (size_t first = 0;;) {
    int ends[2];
    if (pipe(ends) != 0)
      return 2;
    std::fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
      close(ends[0]);
      std::_Exit(runFrom(path, first, ends[1]));
    }
    close(ends[1]);
    char done[256];
    for (ssize_t n; (n = read(ends[0], done, sizeof done)) > 0;)
      first += static_cast<size_t>(n);
    close(ends[0]);
    int status = 0;
    waitpid(child, &status, 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) != 1)
      return WEXITSTATUS(status);
    if (WIFSIGNALED(status)) {
      fmt::print("{{\"index\":{},\"status\":\"failed\",\"why\":\"ended by "
                 "signal {}\"}}\n",
                 first, WTERMSIG(status));
      ++first; // the one that it was at
    }
  }
}
