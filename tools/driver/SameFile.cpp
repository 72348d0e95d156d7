#include "tools/driver/SameFile.h"

#include <filesystem>

namespace sluice {

bool isSameFile(const std::string &a, const std::string &b) {
  std::error_code error;
  namespace fs = std::filesystem;
  if (fs::exists(a, error) && !fs::is_regular_file(a, error))
    return false;
  return fs::weakly_canonical(a, error) == fs::weakly_canonical(b, error) ||
         fs::equivalent(a, b, error);
}

} // namespace sluice
