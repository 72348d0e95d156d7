#pragma once

#include "test/reference/TensorSource.h"

namespace sluice::reference {

/// The checkpoint of appendix A, which needs no file: every weight follows
/// from its module name and shape.
class NamedWeights : public TensorSource {
public:
  explicit NamedWeights(std::int64_t experts) : experts(experts) {}

  bool has(const std::string &name) const override;
  Values read(const std::string &name,
              const std::vector<std::int64_t> &shape) const override;

private:
  std::int64_t experts; // of the hash router's table
};

} // namespace sluice::reference
