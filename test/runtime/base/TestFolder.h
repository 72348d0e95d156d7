#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

/// A folder of its own for one test, removed with everything in it.
class TestFolder {
public:
  TestFolder() {
    std::string name =
        std::filesystem::temp_directory_path() / "sluice-test-XXXXXX";
    root = mkdtemp(name.data()) ? name : std::string("/nonexistent");
  }
  TestFolder(const TestFolder &) = delete;
  TestFolder &operator=(const TestFolder &) = delete;
  ~TestFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(root, ignored);
  }

  std::string path(const std::string &name) const { return root + "/" + name; }

  /// Writes `bytes` to `name`; returns its path.
  std::string write(const std::string &name, std::string_view bytes) const {
    std::ofstream file(path(name), std::ios::binary);
    file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    return path(name);
  }

  std::string read(const std::string &name) const {
    std::ifstream file(path(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  size_t entries() const {
    size_t count = 0;
    for ([[maybe_unused]] const auto &entry :
         std::filesystem::directory_iterator(root))
      ++count;
    return count;
  }

private:
  std::string root;
};

} // namespace sluice
