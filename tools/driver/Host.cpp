#include "tools/driver/Host.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <optional>
#include <sstream>
#include <string_view>
#include <sys/resource.h>
#include <vector>

namespace sluice {
namespace {

std::vector<std::string> linesOf(const std::string &path) {
  std::vector<std::string> lines;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);)
    lines.push_back(std::move(line));
  return lines;
}

/// The number that follows `key` and blanks in one of `lines`.
std::optional<uint64_t> numberAfter(const std::vector<std::string> &lines,
                                    std::string_view key) {
  for (std::string_view line : lines) {
    if (!line.starts_with(key))
      continue;
    line.remove_prefix(key.size());
    line.remove_prefix(std::min(line.find_first_not_of(" \t:"), line.size()));
    uint64_t number = 0;
    if (std::from_chars(line.data(), line.data() + line.size(), number).ec ==
        std::errc())
      return number;
  }
  return std::nullopt;
}

/// The names of one version's files in a control group's folder.
struct GroupFiles {
  const char *limit, *usage, *reclaimable;
};
constexpr GroupFiles version1 = {
    "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"};
constexpr GroupFiles version2 = {"memory.max", "memory.current",
                                 "inactive_file"};

void lower(HostMemory &memory, uint64_t total, uint64_t available,
           const char *who) {
  if (total < memory.total)
    memory.total = total;
  if (available < memory.available) {
    memory.available = available;
    memory.limitedBy = who;
  }
}

void limitByGroup(HostMemory &memory, const std::string &folder,
                  const GroupFiles &files) {
  // "max", or 2^63 less a page in version 1, is no limit.
  std::optional<uint64_t> limit =
      numberAfter(linesOf(folder + "/" + files.limit), "");
  std::optional<uint64_t> usage =
      numberAfter(linesOf(folder + "/" + files.usage), "");
  if (!limit || !usage)
    return;
  // Cached files are given up before anyone runs out of memory.
  uint64_t cached =
      numberAfter(linesOf(folder + "/memory.stat"), files.reclaimable)
          .value_or(0);
  uint64_t held = *usage - std::min(cached, *usage);
  lower(memory, *limit, *limit - std::min(held, *limit), "a control group");
}

/// Every group from the one of this process up to the mounted root: in a
/// container the path may be one outside, which is not visible.
void limitByGroups(HostMemory &memory, const std::string &mount,
                   std::string path, const GroupFiles &files) {
  while (!path.empty() && path != "/") {
    limitByGroup(memory, mount + path, files);
    path.resize(path.rfind('/') == path.npos ? 0 : path.rfind('/'));
  }
  limitByGroup(memory, mount, files);
}

} // namespace

HostMemory readHostMemory(const std::string &root) {
  HostMemory memory;
  std::vector<std::string> info = linesOf(root + "/proc/meminfo"); // in KiB
  std::optional<uint64_t> total = numberAfter(info, "MemTotal:"),
                          available = numberAfter(info, "MemAvailable:");
  if (!total || !available)
    return memory;
  memory.total = *total << 10;
  memory.available = *available << 10;
  const std::string groups = root + "/sys/fs/cgroup";
  for (const std::string &line : linesOf(root + "/proc/self/cgroup")) {
    // "4:memory:/some/group" in version 1, "0::/some/group" in version 2.
    size_t first = line.find(':'), second = line.find(':', first + 1);
    if (second == line.npos)
      continue;
    std::string kinds = "," + line.substr(first + 1, second - first - 1) + ",";
    std::string path = line.substr(second + 1);
    if (kinds == ",,")
      limitByGroups(memory, groups, path, version2);
    else if (kinds.find(",memory,") != kinds.npos)
      limitByGroups(memory, groups + "/memory", path, version1);
  }
  rlimit space;
  if (getrlimit(RLIMIT_AS, &space) == 0 && space.rlim_cur != RLIM_INFINITY)
    lower(memory, space.rlim_cur, space.rlim_cur, "a resource limit");
  return memory;
}

std::string processorName(const std::string &root) {
  std::ifstream file(root + "/proc/cpuinfo");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("model name"))
      if (size_t at = line.find(": "); at != line.npos)
        return line.substr(at + 2);
  return "unknown";
}

} // namespace sluice
