#include "runtime/device/sim/ptx/Module.h"

#include <fmt/format.h>

namespace sluice::sim {

std::string_view spaceName(Space space) {
  switch (space) {
  case Space::Generic:
    return "generic";
  case Space::Global:
    return "global";
  case Space::Const:
    return "const";
  case Space::Shared:
    return "shared";
  case Space::Local:
    return "local";
  case Space::Param:
    return "param";
  }
  return "";
}

std::string Register::spelling() const {
  return numbered ? fmt::format("{}{}", name, number) : std::string(name);
}

const Function *Module::function(std::string_view name) const {
  auto found = bodies.find(name);
  return found == bodies.end() ? nullptr : found->second;
}

std::string Module::locationText(uint32_t location) const {
  if (location == 0 || location >= locations.size())
    return "";
  const Location &place = locations[location];
  std::string_view name = "?";
  for (const SourceFile &source : sources)
    if (source.number == place.file)
      name = source.name;
  return fmt::format("{}:{}", name, place.line);
}

} // namespace sluice::sim
