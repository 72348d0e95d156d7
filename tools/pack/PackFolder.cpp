#include "tools/pack/PackFolder.h"

#include "runtime/base/FileWriter.h"
#include "runtime/base/Quote.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <sys/file.h>
#include <unistd.h>
#include <utility>

namespace sluice {

namespace fs = std::filesystem;

static constexpr const char *hidden = ".sluice-pack";
// The hidden folder of a job that is done, and is being removed.
static constexpr const char *doneFolder = ".sluice-packed";
static constexpr const char *jobFile = "job.json";
// What finished files and notes are called in there: no name of a file can be
// that of another thing.
static constexpr const char *fileMark = "file-", *noteMark = "note-";
// Files are being moved out: until it is there, nothing beside is of the job.
static constexpr const char *movingMark = "moving";
static constexpr const char *writingFile = "writing.tmp";

static Status failure(std::string_view what, const std::string &path,
                      const std::error_code &error) {
  return outputNotWritten(
      fmt::format("cannot {} {}: {}", what, inQuotes(path), error.message()));
}

static std::error_code lastError() { return {errno, std::generic_category()}; }

static Result<std::string> readText(const std::string &path) {
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (!file.good() && !file.eof())
    return failure("read", path, lastError());
  return text;
}

PackFolder::PackFolder(PackFolder &&other) noexcept
    : path(std::move(other.path)), lock(std::exchange(other.lock, -1)),
      isNew(other.isNew), isResumed(other.isResumed) {}

PackFolder::~PackFolder() {
  if (lock >= 0)
    close(lock);
}

std::string PackFolder::inside(const std::string &file) const {
  return path + "/" + hidden + "/" + file;
}

std::string PackFolder::writingPath() const { return inside(writingFile); }

bool PackFolder::has(const std::string &file) const {
  std::error_code ignored;
  return fs::exists(inside(fileMark + file), ignored) ||
         (fs::exists(inside(movingMark), ignored) &&
          fs::exists(path + "/" + file, ignored));
}

Result<std::string> PackFolder::note(const std::string &name) const {
  return readText(inside(noteMark + name));
}

/// Makes the folder `path` or finds it; whether it was made, and whether it
/// holds an unfinished job.
static Status prepare(const std::string &path, bool &isNew, bool &isPart) {
  std::error_code error;
  if (path.empty() || path.find('\0') != std::string::npos)
    return outputNotWritten(fmt::format(
        "expected the name of a folder to write to, found {}", inQuotes(path)));
  isNew = fs::create_directories(path, error);
  if (error)
    return failure("make the folder", path, error);
  isPart = fs::exists(path + "/" + hidden, error);
  if (isPart)
    return {};
  fs::remove_all(path + "/" + doneFolder, error);
  bool isEmpty = fs::is_empty(path, error);
  if (error)
    return failure("read the folder", path, error);
  if (!isEmpty)
    return outputNotWritten(fmt::format(
        "expected a folder that is new, empty or holds an unfinished pack, "
        "found {} in {}; choose another name or empty it",
        fs::exists(path + "/" + PackFolder::indexFile, error)
            ? "a whole model, which \"sluice compile\" takes,"
            : "files",
        inQuotes(path)));
  fs::create_directory(path + "/" + hidden, error);
  return error ? failure("make the folder", path + "/" + hidden, error)
               : Status();
}

Result<PackFolder> PackFolder::open(const std::string &path,
                                    std::string_view job) {
  bool isNew = false, isPart = false;
  SLUICE_TRY(prepare(path, isNew, isPart));
  // The folder itself is what is locked: it is there from the first moment.
  std::string inner = path + "/" + hidden;
  int lock = ::open(inner.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (lock < 0)
    return failure("open the folder", inner, lastError());
  PackFolder folder(path, lock, isNew);
  if (flock(lock, LOCK_EX | LOCK_NB) != 0)
    return errno == EWOULDBLOCK
               ? outputNotWritten(fmt::format(
                     "another process is packing into {}", inQuotes(path)))
               : failure("lock the folder", inner, lastError());
  std::error_code ignored;
  if (isPart && fs::exists(folder.inside(jobFile), ignored)) {
    SLUICE_ASSIGN(std::string found, readText(folder.inside(jobFile)));
    if (found != job)
      return outputNotWritten(fmt::format(
          "{} holds an unfinished pack of another model, of one that has "
          "changed, or with other options; choose another folder, or remove "
          "it",
          inQuotes(path)));
    folder.isResumed = true;
    SLUICE_TRY(folder.checkAlone());
  }
  for (const auto &entry : fs::directory_iterator(inner, ignored))
    if (entry.path().extension() == ".tmp")
      fs::remove(entry.path(), ignored);
  if (!folder.isResumed) {
    Status status = writeFile(folder.inside(jobFile), job);
    if (!status.ok()) {
      folder.giveUp();
      return status;
    }
  }
  return folder;
}

Result<bool> PackFolder::probe(const std::string &path) {
  bool isNew = false, isPart = false;
  Status status = prepare(path, isNew, isPart);
  std::error_code ignored;
  if (status.ok() && !isPart)
    fs::remove(path + "/" + hidden, ignored);
  if (isNew)
    fs::remove(path, ignored);
  if (!status.ok())
    return status;
  return isPart;
}

static Status move(const std::string &from, const std::string &to) {
  std::error_code error;
  fs::rename(from, to, error);
  return error ? failure("write", to, error) : Status();
}

/// Files are whole without it; it is the names that a power cut can lose.
static void syncFolder(const std::string &path) {
  int folder = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0)
    return;
  fsync(folder);
  close(folder);
}

Status PackFolder::keep(const std::string &file) {
  return move(writingPath(), inside(fileMark + file));
}

Status PackFolder::keepNote(const std::string &name, std::string_view text) {
  return writeFile(inside(noteMark + name), text);
}

Status PackFolder::write(const std::string &file, std::string_view bytes) {
  return writeFile(inside(fileMark + file), bytes);
}

/// Whether nobody has put files beside the unfinished job, which finishing it
/// would replace.
Status PackFolder::checkAlone() const {
  std::error_code error;
  if (fs::exists(inside(movingMark), error))
    return {};
  for (const auto &entry : fs::directory_iterator(path, error))
    if (std::string name = entry.path().filename(); name != hidden)
      return outputNotWritten(fmt::format(
          "{} holds an unfinished pack and, beside it, {}; move that away, or "
          "choose another folder",
          inQuotes(path), inQuotes(name)));
  return error ? failure("read the folder", path, error) : Status();
}

Status PackFolder::finish(const std::vector<std::string> &files) {
  std::error_code error;
  SLUICE_TRY(checkAlone());
  SLUICE_TRY(writeFile(inside(movingMark), ""));
  for (const std::string &name : files) {
    if (name == files.back())
      syncFolder(path); // what the index names is there
    if (fs::exists(inside(fileMark + name), error)) // else moved before
      SLUICE_TRY(move(inside(fileMark + name), path + "/" + name));
  }
  syncFolder(path);
  // Renamed first: half removed it would look like a job that has not begun.
  std::string done = path + "/" + doneFolder;
  SLUICE_TRY(move(path + "/" + hidden, done));
  fs::remove_all(done, error);
  return error ? failure("remove", done, error) : Status();
}

void PackFolder::giveUp() {
  std::error_code ignored;
  fs::remove(writingPath(), ignored);
  for (const auto &entry : fs::directory_iterator(path + "/" + hidden, ignored))
    if (entry.path().filename() != jobFile)
      return; // worth going on from
  for (const auto &entry : fs::directory_iterator(path, ignored))
    if (entry.path().filename() != hidden)
      return;
  fs::remove_all(path + "/" + hidden, ignored);
  if (isNew)
    fs::remove(path, ignored);
}

} // namespace sluice
