#include "tools/driver/RunCompiler.h"

#include "tools/driver/Interrupt.h"

#include <fmt/format.h>

#include <cerrno>
#include <chrono>
#include <climits>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace sluice {

Result<std::string> compilerPath() {
  char self[PATH_MAX];
  ssize_t length = readlink("/proc/self/exe", self, sizeof self);
  if (length <= 0 || length == sizeof self)
    return incompatible(
        "cannot find the folder of this program (/proc is needed)");
  std::string path(self, size_t(length));
  return path.substr(0, path.rfind('/')) + "/sluice-compile";
}

Status cannotRunCompiler(const std::string &path, int error) {
  return incompatible(fmt::format(
      "compiling is done by {}, which cannot be run: {}; a host that only runs "
      "plans has no compiler, so compile elsewhere and copy the plan",
      path, std::strerror(error)));
}

/// The end of process `child`; an interrupt of ours is one of its own.
static int waitFor(pid_t child) {
  int end = 0;
  bool told = false;
  while (waitpid(child, &end, WNOHANG) == 0) {
    if (interrupted() && !told)
      told = kill(child, SIGTERM) == 0;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return end;
}

// Names the process that must outlive the compiler.
static constexpr const char *parentVariable = "SLUICE_PARENT";

void endWithParent() {
  const char *parent = std::getenv(parentVariable);
  if (!parent || std::to_string(getppid()) != parent)
    return;
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (std::to_string(getppid()) != parent) // it went before the call
    std::raise(SIGTERM);
}

Status runCompiler(const std::vector<std::string> &words) {
  SLUICE_ASSIGN(std::string path, compilerPath());
  std::vector<char *> arguments = {path.data()};
  for (const std::string &word : words)
    arguments.push_back(const_cast<char *>(word.c_str()));
  arguments.push_back(nullptr);
  std::string parent = fmt::format("{}={}", parentVariable, getpid());
  std::vector<char *> environment = {parent.data()};
  for (char **variable = environ; *variable != nullptr; ++variable)
    environment.push_back(*variable);
  environment.push_back(nullptr);
  pid_t child = 0;
  if (int error = posix_spawn(&child, path.c_str(), nullptr, nullptr,
                              arguments.data(), environment.data()))
    return cannotRunCompiler(path, error);
  int end = waitFor(child);
  if (interrupted())
    return {StatusCode::Failed, "interrupted"};
  if (!WIFEXITED(end))
    return {StatusCode::Failed,
            fmt::format("{} was ended by signal {}", path, WTERMSIG(end))};
  if (int code = WEXITSTATUS(end))
    return {code <= int(StatusCode::OutputNotWritten) ? StatusCode(code)
                                                      : StatusCode::Failed,
            "the model was not compiled, as said above"};
  return {};
}

} // namespace sluice
