#pragma once

#include <cassert>
#include <optional>
#include <string>
#include <utility>

namespace sluice {

/// What kind of failure a Status is. A tool's exit code is exitCode(code).
enum class StatusCode {
  Ok,
  Failed,           // a check or a numeric comparison said no
  InvalidArgument,  // the caller asked for something impossible
  BadInput,         // a file is damaged, or is not what it claims to be
  Incompatible,     // plan, model, host and device do not fit together
  OutOfMemory,      // host or device memory
  DeviceError,      // the device failed while working
  Timeout,          // a limit in time or instructions ran out
  OutputNotWritten, // the disk is full, or the target cannot be written
};

/// A code and a sentence that says what was expected, what was found, where,
/// and what to do. Cheap to move; ignoring one is a compile error.
class [[nodiscard]] Status {
public:
  Status() = default;
  Status(StatusCode code, std::string message)
      : theCode(code), theMessage(std::move(message)) {
    assert(code != StatusCode::Ok && "an error needs a code");
  }

  bool ok() const { return theCode == StatusCode::Ok; }
  StatusCode code() const { return theCode; }
  const std::string &message() const { return theMessage; }

  /// The same failure with "`where`: " before its sentence.
  Status in(const std::string &where) const {
    return ok() ? Status() : Status(theCode, where + ": " + theMessage);
  }

private:
  StatusCode theCode = StatusCode::Ok;
  std::string theMessage;
};

inline Status invalidArgument(std::string m) {
  return {StatusCode::InvalidArgument, std::move(m)};
}
inline Status badInput(std::string m) {
  return {StatusCode::BadInput, std::move(m)};
}
inline Status incompatible(std::string m) {
  return {StatusCode::Incompatible, std::move(m)};
}
inline Status outOfMemory(std::string m) {
  return {StatusCode::OutOfMemory, std::move(m)};
}
inline Status deviceError(std::string m) {
  return {StatusCode::DeviceError, std::move(m)};
}
inline Status outputNotWritten(std::string m) {
  return {StatusCode::OutputNotWritten, std::move(m)};
}

/// The process exit code of a failure: 0 ok, 1 failed check, 2 usage, 3 bad
/// input file, 4 incompatible, 5 memory, 6 device, 7 timeout, 8 output.
constexpr int exitCode(StatusCode code) {
  switch (code) {
  case StatusCode::Ok:
    return 0;
  case StatusCode::Failed:
    return 1;
  case StatusCode::InvalidArgument:
    return 2;
  case StatusCode::BadInput:
    return 3;
  case StatusCode::Incompatible:
    return 4;
  case StatusCode::OutOfMemory:
    return 5;
  case StatusCode::DeviceError:
    return 6;
  case StatusCode::Timeout:
    return 7;
  case StatusCode::OutputNotWritten:
    return 8;
  }
  return 1;
}

/// A T, or the Status that says why there is none.
template <typename T> class [[nodiscard]] Result {
public:
  Result(T value) : theValue(std::move(value)) {}
  Result(Status status) : theStatus(std::move(status)) {
    assert(!theStatus.ok() && "a Result without a value needs a failure");
  }

  bool ok() const { return theValue.has_value(); }
  const Status &status() const { return theStatus; }
  T &operator*() & { return *theValue; }
  const T &operator*() const & { return *theValue; }
  T &&operator*() && { return std::move(*theValue); }
  T *operator->() { return &*theValue; }
  const T *operator->() const { return &*theValue; }

private:
  std::optional<T> theValue;
  Status theStatus;
};

/// Returns early with the failure of `expr`, a Status.
#define SLUICE_TRY(expr)                                                       \
  do {                                                                         \
    if (::sluice::Status sluiceStatus = (expr); !sluiceStatus.ok())            \
      return sluiceStatus;                                                     \
  } while (false)

#define SLUICE_CONCAT_(a, b) a##b
#define SLUICE_CONCAT(a, b) SLUICE_CONCAT_(a, b)
#define SLUICE_ASSIGN_(tmp, decl, expr)                                        \
  auto tmp = (expr);                                                           \
  if (!tmp.ok())                                                               \
    return tmp.status();                                                       \
  decl = *std::move(tmp)

/// SLUICE_ASSIGN(auto x, f()): x is the value of the Result f(), or an early
/// return with its failure.
#define SLUICE_ASSIGN(decl, expr)                                              \
  SLUICE_ASSIGN_(SLUICE_CONCAT(sluiceResult, __LINE__), decl, expr)

} // namespace sluice
