#include "codegen/nvptx/Ptxas.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/ThreadPool.h"
#include "llvm/Support/raw_ostream.h"

#include <fmt/format.h>

#include <mutex>

using namespace llvm;
using ::sluice::Result;
using ::sluice::Status;

Result<std::string> mlir::sluice::findPtxas() {
  if (ErrorOr<std::string> found = sys::findProgramByName("ptxas"))
    return *found;
  if (ErrorOr<std::string> found =
          sys::findProgramByName("ptxas", {"/usr/local/cuda/bin"}))
    return *found;
  return ::sluice::incompatible(
      "--cubin: expected ptxas in PATH or /usr/local/cuda/bin, found none; "
      "install the CUDA toolkit, or leave --cubin out: GPUs run the PTX as "
      "well");
}

/// A file that goes away with this. Errors: OutputNotWritten.
static Status makeTemporary(StringRef suffix, SmallString<128> &path) {
  std::error_code error = sys::fs::createTemporaryFile("sluice", suffix, path);
  return error ? ::sluice::outputNotWritten(fmt::format(
                     "no temporary file for ptxas: {}", error.message()))
               : Status();
}

static std::string contents(StringRef path) {
  auto file = MemoryBuffer::getFile(path, /*IsText=*/false,
                                    /*RequiresNullTerminator=*/false);
  return file ? (*file)->getBuffer().str() : "";
}

static Status assemble(const std::string &ptxas,
                       const mlir::sluice::PtxText &text, std::string &cubin) {
  SmallString<128> input, output, messages;
  SLUICE_TRY(makeTemporary("ptx", input));
  FileRemover removeInput(input);
  SLUICE_TRY(makeTemporary("cubin", output));
  FileRemover removeOutput(output);
  SLUICE_TRY(makeTemporary("log", messages));
  FileRemover removeMessages(messages);
  std::error_code error;
  raw_fd_ostream file(input, error);
  file << text.ptx;
  file.close();
  if (error || file.has_error()) {
    file.clear_error();
    return ::sluice::outputNotWritten(fmt::format(
        "{}: the PTX for ptxas was not written", input.str().str()));
  }
  std::string target = "-arch=" + text.target, problem;
  int code = sys::ExecuteAndWait(
      ptxas, {ptxas, target, "-O3", input, "-o", output}, std::nullopt,
      {StringRef(), StringRef(messages), StringRef(messages)}, 0, 0, &problem);
  if (code != 0)
    return ::sluice::incompatible(
        fmt::format("{} for {} ended with {}: {}{}", ptxas, text.target, code,
                    problem, StringRef(contents(messages)).trim().str()));
  cubin = contents(output);
  return {};
}

Result<std::vector<std::string>> mlir::sluice::assembleCubins(
    const std::string &ptxas, const std::vector<PtxText> &texts,
    unsigned threads,
    const std::function<void(const std::string &)> &finished) {
  std::vector<std::string> cubins(texts.size());
  std::vector<Status> outcomes(texts.size());
  std::mutex telling;
  DefaultThreadPool pool(hardware_concurrency(threads));
  for (size_t i = 0; i < texts.size(); ++i)
    pool.async([&, i] {
      outcomes[i] = assemble(ptxas, texts[i], cubins[i]);
      std::lock_guard lock(telling);
      if (outcomes[i].ok())
        finished(texts[i].target);
    });
  pool.wait();
  for (const Status &outcome : outcomes)
    SLUICE_TRY(outcome);
  return cubins;
}
