// Writes seeds for PlanFuzz: a sound plan as a file and as a Plan section.
//
// usage: PlanSeeds OUT_DIR

#include "test/runtime/plan/TestPlan.h"

#include <filesystem>
#include <fstream>

int main(int argc, char **argv) {
  if (argc != 2)
    return 2;
  const std::filesystem::path folder = argv[1];
  std::filesystem::create_directories(folder);
  auto write = [&](const char *name, const std::vector<uint8_t> &bytes) {
    std::ofstream(folder / name, std::ios::binary)
        .write(reinterpret_cast<const char *>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
  };
  const sluice::TestPlan plan = sluice::soundPlan();
  write("file", plan.file());
  write("section", plan.flatbuffer());
  return 0;
}
