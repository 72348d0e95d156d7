#pragma once

#include "runtime/base/Status.h"

#include <string>
#include <string_view>
#include <vector>

namespace sluice {

/// The folder that a model is packed into. Until the model is complete,
/// everything lies in a folder ".sluice-pack" inside it, beside a description
/// of the job: killed at any moment, the same job goes on from the last
/// finished file, another one is refused, and no loader finds a model. The
/// index, which makes it one, comes last.
class PackFolder {
public:
  /// `job`: a text that differs whenever the result or its source would.
  /// Errors: OutputNotWritten if the folder holds something else, if another
  /// process packs into it, or if it cannot be written.
  static Result<PackFolder> open(const std::string &path, std::string_view job);

  /// Whether open could succeed, but for another job; whether the folder holds
  /// an unfinished one. Leaves no trace.
  static Result<bool> probe(const std::string &path);

  PackFolder(PackFolder &&other) noexcept;
  PackFolder &operator=(PackFolder &&other) = delete;
  ~PackFolder(); // unlocks; what is there stays

  /// Whether part of the job was there already.
  bool resumed() const { return isResumed; }
  /// Whether `file` is finished: kept, or moved out already.
  bool has(const std::string &file) const;
  /// The text of a note that was kept.
  Result<std::string> note(const std::string &name) const;

  /// Where the one file is written that is not finished yet.
  std::string writingPath() const;
  /// Makes the file at writingPath(), which is durable, a finished `file`.
  Status keep(const std::string &file);
  Status keepNote(const std::string &name, std::string_view text);

  /// A finished `file` of these bytes.
  Status write(const std::string &file, std::string_view bytes);

  /// Moves finished files out in their order, of which the last makes it a
  /// model, and removes all traces of the job.
  Status finish(const std::vector<std::string> &files);

  static constexpr const char *indexFile = "model.safetensors.index.json";

  /// After a failure: removes what was not finished, and all of the job if
  /// nothing was.
  void giveUp();

private:
  PackFolder(std::string path, int lock, bool isNew)
      : path(std::move(path)), lock(lock), isNew(isNew) {}
  std::string inside(const std::string &file) const;
  Status checkAlone() const;

  std::string path;
  int lock = -1;
  bool isNew = false; // this process made the folder itself
  bool isResumed = false;
};

} // namespace sluice
