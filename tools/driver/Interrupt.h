#pragma once

namespace sluice {

/// From now on an interrupt (Ctrl-C), SIGTERM or SIGHUP is noted and does not
/// end the process, so that no half-written file stays. A second one ends it.
void watchInterrupts();

/// Whether there has been one.
bool interrupted();

/// Ends the process by the signal that came: a shell sees 130 for Ctrl-C.
[[noreturn]] void endInterrupted();

} // namespace sluice
