#include "tools/driver/Verbs.h"

#include <fmt/format.h>

#include <cerrno>
#include <climits>
#include <cstring>
#include <string>
#include <unistd.h>

namespace sluice {

Status becomeCompiler(int, char **argv) {
  char self[PATH_MAX];
  ssize_t length = readlink("/proc/self/exe", self, sizeof self);
  if (length <= 0 || length == sizeof self)
    return incompatible(
        "cannot find the folder of this program (/proc is needed)");
  std::string path(self, size_t(length));
  path = path.substr(0, path.rfind('/')) + "/sluice-compile";
  argv[0] = path.data();
  execv(path.c_str(), argv);
  return incompatible(fmt::format(
      "compiling is done by {}, which cannot be run: {}; a host that only runs "
      "plans has no compiler, so compile elsewhere and copy the plan",
      path, std::strerror(errno)));
}

} // namespace sluice
