#include "runtime/base/MappedFile.h"

#include "test/runtime/base/TestFolder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

using namespace sluice;
using testing::HasSubstr;

TEST(MappedFileTest, HoldsTheBytesOfTheFile) {
  TestFolder folder;
  std::string path = folder.write("a.bin", "hello");
  Result<MappedFile> file = MappedFile::open(path);
  ASSERT_TRUE(file.ok()) << file.status().message();
  EXPECT_EQ(file->text(), "hello");
  EXPECT_EQ(file->size(), 5u);
}

TEST(MappedFileTest, MovingKeepsTheBytesInPlace) {
  TestFolder folder;
  Result<MappedFile> file = MappedFile::open(folder.write("a.bin", "hello"));
  ASSERT_TRUE(file.ok());
  const std::byte *before = file->data();
  MappedFile moved = *std::move(file);
  EXPECT_EQ(moved.data(), before);
  MappedFile assigned;
  assigned = std::move(moved);
  EXPECT_EQ(assigned.text(), "hello");
}

TEST(MappedFileTest, AnEmptyFileIsFine) {
  TestFolder folder;
  Result<MappedFile> file = MappedFile::open(folder.write("a.bin", ""));
  ASSERT_TRUE(file.ok()) << file.status().message();
  EXPECT_EQ(file->size(), 0u);
  EXPECT_TRUE(file->text().empty());
}

TEST(MappedFileTest, WhatIsNoRegularFileIsRefused) {
  TestFolder folder;
  EXPECT_THAT(MappedFile::open(folder.path("none")).status().message(),
              HasSubstr("No such file"));
  EXPECT_THAT(MappedFile::open(folder.path("")).status().message(),
              HasSubstr("to be a regular file, found a directory"));
  EXPECT_THAT(MappedFile::open("/dev/null").status().message(),
              HasSubstr("found a device or pipe"));
  // Would wait for ever if it were opened like a file.
  ASSERT_EQ(mkfifo(folder.path("pipe").c_str(), 0600), 0);
  Status status = MappedFile::open(folder.path("pipe")).status();
  EXPECT_THAT(status.message(), HasSubstr("found a device or pipe"));
  EXPECT_EQ(status.code(), StatusCode::BadInput);
}

TEST(MappedFileTest, ANulByteInAPathIsRefused) {
  TestFolder folder;
  std::string path = folder.write("a.bin", "hello");
  path += '\0';
  EXPECT_THAT(MappedFile::open(path + "x").status().message(),
              HasSubstr("NUL byte"));
}
