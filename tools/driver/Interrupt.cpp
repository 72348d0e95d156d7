#include "tools/driver/Interrupt.h"

#include <csignal>
#include <cstdlib>

namespace sluice {
namespace {

volatile std::sig_atomic_t received = 0;

void note(int signal) {
  received = signal;
  std::signal(signal, SIG_DFL);
}

} // namespace

void watchInterrupts() {
  std::signal(SIGINT, note);
  std::signal(SIGTERM, note);
}

bool interrupted() { return received != 0; }

void endInterrupted() {
  std::signal(received, SIG_DFL);
  std::raise(received);
  std::_Exit(128 + received);
}

} // namespace sluice
