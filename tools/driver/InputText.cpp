#include "tools/driver/InputText.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

namespace sluice {
namespace {

constexpr size_t longest = size_t(256) << 20;

Result<std::string> readAll(int file, const std::string &name) {
  std::string text;
  char buffer[1 << 16];
  for (;;) {
    ssize_t got = ::read(file, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      return badInput(
          fmt::format("cannot read {}: {}", name, std::strerror(errno)));
    if (got == 0)
      return text;
    text.append(buffer, size_t(got));
    if (text.size() > longest)
      return badInput(fmt::format("{} has more than {} bytes", name, longest));
  }
}

} // namespace

Result<std::string> readInputText(const std::string &path) {
  if (path == "-")
    return readAll(STDIN_FILENO, "standard input");
  int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0)
    return badInput(
        fmt::format("cannot open {}: {}", path, std::strerror(errno)));
  Result<std::string> text = readAll(file, path);
  ::close(file);
  return text;
}

} // namespace sluice
