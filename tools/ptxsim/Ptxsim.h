#pragma once

namespace sluice {

/// The program `sluice-ptxsim`: finds the verb, runs it, and returns the exit
/// code (runtime/base/Status.h, exitCode). Results go to stdout, all else to
/// stderr.
int ptxsimMain(int argc, char **argv);

} // namespace sluice
