#pragma once

namespace sluice::reference {

/// What the program sluice-reference does; its exit code.
int evaluateMain(int argc, char **argv);

} // namespace sluice::reference
