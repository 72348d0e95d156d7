#pragma once

#include "runtime/executor/Context.h"
#include "tools/driver/Npy.h"

#include <string>
#include <string_view>

namespace sluice {

/// One output of the plan ("logits", "hidden.3"), of all tokens of an input, in
/// an .npy file: row by row, whatever the chunks. BF16 is written as float32,
/// which holds it exactly.
class TokenFile {
public:
  /// `tokens` of the input. Errors: InvalidArgument if the plan has no output
  /// `name` or one that is not a row a token; OutputNotWritten.
  static Result<TokenFile> create(const PlanView &plan,
                                  const ContextOptions &options,
                                  std::string_view name,
                                  const std::string &path, uint64_t tokens);

  /// Appends the output of the last step of `context`, which had `rows` tokens
  /// and computed the logits of all.
  Status append(Context &context, uint64_t rows);
  Status commit() { return file.commit(); }

private:
  TokenFile(std::string name, NpyWriter file)
      : name(std::move(name)), file(std::move(file)) {}

  std::string name;
  NpyWriter file;
};

} // namespace sluice
