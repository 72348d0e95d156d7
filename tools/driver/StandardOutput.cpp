#include "tools/driver/StandardOutput.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <iostream>
#include <unistd.h>

namespace sluice {

Status writeStandardOutput(std::string_view text) {
  while (!text.empty()) {
    ssize_t written = ::write(STDOUT_FILENO, text.data(), text.size());
    if (written < 0 && errno == EINTR)
      continue;
    if (written < 0)
      return outputNotWritten(
          errno == EPIPE
              ? std::string("standard output was closed by its reader")
              : fmt::format("cannot write to standard output: {}",
                            std::strerror(errno)));
    text.remove_prefix(size_t(written));
  }
  return {};
}

Status flushStandardOutput() {
  if (std::cout.flush())
    return {};
  return outputNotWritten("cannot write to standard output");
}

} // namespace sluice
