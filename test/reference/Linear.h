#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace sluice::reference {

/// A matrix is its elements row by row; its shape goes beside it.
using View = std::span<const double>;
using Values = std::vector<double>;

/// sum_k a[k] b[k]
double dot(const double *a, const double *b, std::int64_t count);

/// y[t, o] = sum_k x[t, k] w[o, k]: x is [rows, in], w is [out, in].
Values linear(View x, View w, std::int64_t rows, std::int64_t out,
              std::int64_t in);

/// Block-diagonal: x is [rows, groups * in], w is [groups * out, in], and the
/// rows of w that belong to a group see that group's channels only.
/// -> [rows, groups * out]
Values groupedLinear(View x, View w, std::int64_t rows, std::int64_t groups,
                     std::int64_t out, std::int64_t in);

} // namespace sluice::reference
