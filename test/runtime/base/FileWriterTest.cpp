#include "runtime/base/FileWriter.h"

#include "test/runtime/base/TestFolder.h"

#include <csignal>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

using namespace sluice;
using testing::HasSubstr;

TEST(FileWriterTest, TheNameAppearsWithTheWholeFile) {
  TestFolder folder;
  Result<FileWriter> writer = FileWriter::create(folder.path("a"));
  ASSERT_TRUE(writer.ok()) << writer.status().message();
  ASSERT_TRUE(writer->write("hello ").ok());
  EXPECT_EQ(writer->offset(), 6u);
  ASSERT_TRUE(writer->write("world").ok());
  EXPECT_FALSE(std::filesystem::exists(folder.path("a")));
  Status status = writer->commit();
  ASSERT_TRUE(status.ok()) << status.message();
  EXPECT_EQ(folder.read("a"), "hello world");
  EXPECT_EQ(folder.entries(), 1u);
}

TEST(FileWriterTest, WithoutCommitTheOldFileStays) {
  TestFolder folder;
  folder.write("a", "old");
  {
    Result<FileWriter> writer = FileWriter::create(folder.path("a"));
    ASSERT_TRUE(writer.ok());
    ASSERT_TRUE(writer->write("new").ok());
    FileWriter moved = *std::move(writer); // only one of the two cleans up
  }
  EXPECT_EQ(folder.read("a"), "old");
  EXPECT_EQ(folder.entries(), 1u);
}

TEST(FileWriterTest, CommitReplacesAndALinkStaysALink) {
  TestFolder folder;
  folder.write("a", "old");
  ASSERT_EQ(symlink("a", folder.path("link").c_str()), 0);
  Status status = writeFile(folder.path("link"), "new");
  ASSERT_TRUE(status.ok()) << status.message();
  EXPECT_EQ(folder.read("a"), "new");
  EXPECT_TRUE(std::filesystem::is_symlink(folder.path("link")));
}

TEST(FileWriterTest, AFolderThatIsNotThereIsNamed) {
  TestFolder folder;
  Status status = writeFile(folder.path("none/a"), "x");
  EXPECT_EQ(status.code(), StatusCode::OutputNotWritten);
  EXPECT_EQ(exitCode(status.code()), 8);
  EXPECT_THAT(status.message(), HasSubstr("none/a"));
  EXPECT_THAT(status.message(), HasSubstr("No such file or directory"));
}

TEST(FileWriterTest, AFolderIsNotOverwritten) {
  TestFolder folder;
  Status status = writeFile(folder.path(""), "x");
  EXPECT_EQ(status.code(), StatusCode::OutputNotWritten);
  EXPECT_THAT(status.message(), HasSubstr("Is a directory"));
  EXPECT_EQ(writeFile("", "x").code(), StatusCode::OutputNotWritten);
}

TEST(FileWriterTest, AFullDeviceIsAFailureWithAHint) {
  Status status = writeFile("/dev/full", "x");
  EXPECT_EQ(status.code(), StatusCode::OutputNotWritten);
  EXPECT_THAT(status.message(), HasSubstr("No space left on device"));
  EXPECT_THAT(status.message(), HasSubstr("free some space"));
}

TEST(FileWriterTest, ADeviceIsWrittenAndNotReplaced) {
  Status status = writeFile("/dev/null", "x");
  EXPECT_TRUE(status.ok()) << status.message();
  EXPECT_TRUE(std::filesystem::is_character_file("/dev/null"));
}

// Opened anew it would be written from its start; replaced, it would be gone.
TEST(FileWriterTest, AnOpenDescriptorIsWrittenWhereItStands) {
  TestFolder folder;
  folder.write("a", "head ");
  int file = open(folder.path("a").c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
  ASSERT_GE(file, 0);
  for (std::string where : {"/dev/fd/", "/proc/self/fd/"}) {
    Status status = writeFile(where + std::to_string(file), "x");
    EXPECT_TRUE(status.ok()) << status.message();
  }
  close(file);
  EXPECT_EQ(folder.read("a"), "head xx");
  EXPECT_EQ(folder.entries(), 1U);
  EXPECT_EQ(writeFile("/dev/fd/" + std::to_string(file), "x").code(),
            StatusCode::OutputNotWritten);
}

TEST(FileWriterTest, AFileThatCannotGrowLeavesNothingBehind) {
  TestFolder folder;
  folder.write("a", "old");
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before = {};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  rlimit small = {4096, before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  Status status = writeFile(folder.path("a"), std::string(10000, 'x'));
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  EXPECT_EQ(status.code(), StatusCode::OutputNotWritten);
  EXPECT_THAT(status.message(), HasSubstr("File too large"));
  EXPECT_EQ(folder.read("a"), "old");
  EXPECT_EQ(folder.entries(), 1u);
}
