#include "tools/driver/Progress.h"

#include <fmt/format.h>

#include <cstdio>
#include <unistd.h>

namespace sluice {

using Clock = std::chrono::steady_clock;

Progress::Progress(std::string what, uint64_t total, std::string unit)
    : what(std::move(what)), unit(std::move(unit)), total(total),
      terminal(isatty(STDERR_FILENO) == 1), begin(Clock::now()),
      next(begin + std::chrono::milliseconds(500)) {}

/// What is left at the speed so far; nothing in the first two seconds.
static std::string estimate(double seconds, uint64_t done, uint64_t total) {
  if (seconds < 2 || done == 0 || done > total)
    return "";
  double left = seconds / double(done) * double(total - done);
  if (left < 100)
    return fmt::format(", {:.0f} s left", left);
  if (left < 100 * 60)
    return fmt::format(", {:.0f} min left", left / 60);
  return fmt::format(", {:.0f} h left", left / 3600);
}

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
  fmt::print(stderr, "\r\x1b[K{} {} of {} {}{}", what, done, total, unit,
             estimate(std::chrono::duration<double>(now - begin).count(), done,
                      total));
}

} // namespace sluice
