#pragma once

#include "test/passes/lower/AttnHarness.h"

#include <map>

namespace sluice::test {

/// An op of a fused kernel: "%y = hc.norm %x", the types behind its colon, and
/// how many rows it has.
struct FusedOp {
  std::string head, types, rows = "T";
};

/// Ops that passes/fuse puts into one kernel, on values of a test.
class FusedOps {
public:
  explicit FusedOps(const Symbols &symbols) : symbols(symbols) {}

  /// What the ops read. `words`: all that stand for it in a launch.
  void input(const std::string &name, const std::string &type,
             std::vector<std::uint64_t> words);
  template <typename T>
  void input(const std::string &name, const std::string &type,
             const std::vector<T> &values) {
    input(name, type, std::vector<std::uint64_t>{word(values)});
  }
  /// What an op makes; with `yielded`, what the kernel passes on.
  void result(const std::string &name, const std::string &type,
              std::size_t bytes, bool yielded);
  void op(const FusedOp &op) { ops.push_back(op); }

  /// Expects that one kernel of all ops leaves the bits in what it yields that
  /// the ops leave, each in a kernel of its own.
  void expectEqualBits();

private:
  struct Value {
    std::string type;
    std::vector<std::uint64_t> words;
    std::vector<std::byte> bytes; // of a result
    bool isResult = false, yielded = false;
  };
  void run(std::vector<FusedOp> some, bool isFused);

  Symbols symbols;
  std::map<std::string, Value> values; // by name, "%x"
  std::vector<FusedOp> ops;
};

} // namespace sluice::test
