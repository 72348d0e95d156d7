#include "tools/driver/Interrupt.h"

#include <csignal>
#include <cstdlib>
#include <initializer_list>

namespace sluice {
namespace {

volatile std::sig_atomic_t received = 0;

void note(int signal) {
  received = signal;
  std::signal(signal, SIG_DFL);
}

} // namespace

void watchInterrupts() {
  for (int signal : {SIGINT, SIGTERM, SIGHUP})
    if (std::signal(signal, note) == SIG_IGN) // as nohup has it
      std::signal(signal, SIG_IGN);
}

bool interrupted() { return received != 0; }

void endInterrupted() {
  std::signal(received, SIG_DFL);
  std::raise(received);
  std::_Exit(128 + received);
}

} // namespace sluice
