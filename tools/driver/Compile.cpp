#include "tools/driver/RunCompiler.h"
#include "tools/driver/Verbs.h"

#include <cerrno>
#include <string>
#include <unistd.h>

namespace sluice {

Status becomeCompiler(int, char **argv) {
  SLUICE_ASSIGN(std::string path, compilerPath());
  argv[0] = path.data();
  execv(path.c_str(), argv);
  return cannotRunCompiler(path, errno);
}

} // namespace sluice
