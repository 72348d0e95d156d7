#include "runtime/base/Status.h"

#include <gtest/gtest.h>
#include <memory>

using namespace sluice;

static Result<int> half(int x) {
  if (x % 2)
    return badInput("odd");
  return x / 2;
}

static Result<int> quarter(int x) {
  SLUICE_ASSIGN(int h, half(x));
  SLUICE_ASSIGN(int q, half(h));
  return q;
}

static Status check(int x) {
  SLUICE_TRY(quarter(x).status());
  return {};
}

TEST(StatusTest, AFailureKeepsCodeAndSentenceThroughCallers) {
  EXPECT_EQ(*quarter(12), 3);
  Status status = check(6);
  EXPECT_EQ(status.code(), StatusCode::BadInput);
  EXPECT_EQ(status.message(), "odd");
  EXPECT_TRUE(check(8).ok());
}

TEST(StatusTest, InPutsAPlaceBeforeTheSentence) {
  EXPECT_EQ(badInput("odd").in("a.json").message(), "a.json: odd");
  EXPECT_TRUE(Status().in("a.json").ok());
}

TEST(StatusTest, ExitCodesAreTheDocumentedOnes) {
  EXPECT_EQ(exitCode(StatusCode::Ok), 0);
  EXPECT_EQ(exitCode(StatusCode::Failed), 1);
  EXPECT_EQ(exitCode(StatusCode::InvalidArgument), 2);
  EXPECT_EQ(exitCode(StatusCode::BadInput), 3);
  EXPECT_EQ(exitCode(StatusCode::Incompatible), 4);
  EXPECT_EQ(exitCode(StatusCode::OutOfMemory), 5);
  EXPECT_EQ(exitCode(StatusCode::DeviceError), 6);
  EXPECT_EQ(exitCode(StatusCode::Timeout), 7);
  EXPECT_EQ(exitCode(StatusCode::OutputNotWritten), 8);
}

TEST(StatusTest, AResultCarriesWhatCannotBeCopied) {
  Result<std::unique_ptr<int>> result = std::make_unique<int>(7);
  std::unique_ptr<int> value = *std::move(result);
  EXPECT_EQ(*value, 7);
}
