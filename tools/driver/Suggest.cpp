#include "tools/driver/Suggest.h"

#include <algorithm>
#include <numeric>

namespace sluice {
namespace {

/// Letters to insert, delete or replace to make `b` of `a`.
size_t editDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1); // of `a` up to i and `b` up to j
  std::iota(row.begin(), row.end(), size_t(0));
  for (size_t i = 0; i < a.size(); ++i) {
    size_t diagonal = row[0]++;
    for (size_t j = 0; j < b.size(); ++j) {
      size_t replace = diagonal + (a[i] != b[j]);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replace, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

} // namespace

std::string nearestName(std::string_view name,
                        const std::vector<std::string> &names) {
  // Longer input is no slip of a finger, and the distance is quadratic.
  if (name.size() > 64)
    return "";
  std::string best;
  size_t least = std::max<size_t>(name.size() / 3, 1) + 1;
  for (const std::string &candidate : names)
    if (size_t distance = editDistance(name, candidate); distance < least) {
      least = distance;
      best = candidate;
    }
  return best;
}

} // namespace sluice
