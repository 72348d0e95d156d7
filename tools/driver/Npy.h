#pragma once

#include "runtime/base/FileWriter.h"
#include "runtime/base/MappedFile.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

/// An array as it stands in a .npy file, in C order, little endian.
struct NpyArray {
  MappedFile file;
  std::string descr; // numpy's name of the element: "<f4"
  uint64_t elementBytes = 0;
  std::vector<uint64_t> shape;     // empty: one number
  std::span<const std::byte> data; // of `file`
};

/// Errors: BadInput, also for arrays of objects, records and text, in Fortran's
/// order and of big-endian numbers.
Result<NpyArray> readNpy(const std::string &path);

/// The ids in the .npy file `path`: one dimension of int32 or int64, little
/// endian, each in 0..2147483647. Errors: BadInput.
Result<std::vector<int32_t>> readNpyIds(const std::string &path);

/// Writes an array to a .npy file of version 1, row by row. Its path holds what
/// it held before until commit(). All failures are OutputNotWritten.
class NpyWriter {
public:
  /// `descr` is numpy's name of the element: "<f4", "<i4". `shape` is that of
  /// the whole array, which is written in C order.
  static Result<NpyWriter> create(const std::string &path,
                                  std::string_view descr,
                                  const std::vector<uint64_t> &shape);

  Status write(const void *data, size_t bytes) {
    return file.write(data, bytes);
  }
  Status commit() { return file.commit(); }

private:
  explicit NpyWriter(FileWriter file) : file(std::move(file)) {}
  FileWriter file;
};

} // namespace sluice
