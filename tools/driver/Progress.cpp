#include "tools/driver/Progress.h"

#include <fmt/format.h>

#include <cstdio>
#include <unistd.h>

namespace sluice {

using Clock = std::chrono::steady_clock;

Progress::Progress(std::string what, uint64_t total, std::string unit)
    : what(std::move(what)), unit(std::move(unit)), total(total),
      terminal(isatty(STDERR_FILENO) == 1),
      next(Clock::now() + std::chrono::milliseconds(500)) {}

Progress::~Progress() {
  if (shown)
    fmt::print(stderr, "\r\x1b[K");
}

void Progress::at(uint64_t done) {
  Clock::time_point now = Clock::now();
  if (!terminal || now < next)
    return;
  next = now + std::chrono::milliseconds(200);
  shown = true;
  fmt::print(stderr, "\r\x1b[K{} {} of {} {}", what, done, total, unit);
}

} // namespace sluice
