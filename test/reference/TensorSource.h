#pragma once

#include "test/reference/Linear.h"

#include <string>

namespace sluice::reference {

/// Where a model's weights come from, by their name in the checkpoint.
class TensorSource {
public:
  virtual ~TensorSource() = default;

  virtual bool has(const std::string &name) const = 0;

  /// The numbers that the tensor stands for, dequantized. Throws
  /// std::runtime_error if its shape is not `shape`.
  virtual Values read(const std::string &name,
                      const std::vector<std::int64_t> &shape) const = 0;
};

} // namespace sluice::reference
