// Code in memory: runnable, never writable at the same time, gone afterwards.

#include "runtime/device/cpu/CodeImage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <cstddef>
#include <fstream>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sstream>
#include <string>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <vector>

using namespace sluice;
using testing::HasSubstr;

namespace {

/// int f() { return 42; }
const std::vector<uint8_t> returns42 = {0xb8, 0x2a, 0, 0, 0, 0xc3};

/// "r-xp" of the mapping that holds `address`; "" if there is none.
std::string permissionsAt(const void *address) {
  auto wanted = reinterpret_cast<uintptr_t>(address);
  std::ifstream maps("/proc/self/maps");
  std::string line;
  while (std::getline(maps, line)) {
    uintptr_t begin, end;
    char dash;
    std::string permissions;
    if (std::istringstream(line) >> std::hex >> begin >> dash >> end >>
            permissions &&
        wanted >= begin && wanted < end)
      return permissions;
  }
  return "";
}

// The sanitizer would look for its own marks in front of the code.
[[clang::no_sanitize("function")]] int call(const std::byte *code) {
  return reinterpret_cast<int (*)()>(const_cast<std::byte *>(code))();
}

/// From here on the system refuses to make memory executable, as hardened ones
/// do.
void forbidExecutableMemory() {
  sock_filter program[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mprotect, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args[2])),
      BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EACCES),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
  sock_fprog filter = {std::size(program), program};
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0)
    _exit(9);
}

} // namespace

TEST(CodeImageTest, RunsAndCannotBeWritten) {
  Result<CodeImage> image = CodeImage::load(returns42);
  ASSERT_TRUE(image.ok()) << image.status().message();
  EXPECT_EQ(call(image->data()), 42);
  EXPECT_EQ(image->size(), returns42.size());
  EXPECT_EQ(reinterpret_cast<uintptr_t>(image->data()) % 4096, 0u);
  EXPECT_EQ(permissionsAt(image->data()), "r-xp");
  EXPECT_EQ(permissionsAt(image->data() + image->mapped() - 1), "r-xp");
  EXPECT_DEATH(*const_cast<volatile std::byte *>(image->data()) = std::byte(0),
               "");
}

TEST(CodeImageTest, ALastByteOnItsOwnPage) {
  std::vector<uint8_t> bytes(4096, 0x90); // nop
  bytes.insert(bytes.end(), returns42.begin(), returns42.end());
  Result<CodeImage> image = CodeImage::load(bytes);
  ASSERT_TRUE(image.ok()) << image.status().message();
  EXPECT_EQ(image->mapped(), 8192u);
  EXPECT_EQ(call(image->data()), 42);
  bytes.resize(4096);
  Result<CodeImage> exact = CodeImage::load(bytes);
  ASSERT_TRUE(exact.ok());
  EXPECT_EQ(exact->mapped(), 4096u);
}

TEST(CodeImageTest, GoneWhenItsOwnerGoes) {
  const std::byte *where = nullptr;
  {
    Result<CodeImage> first = CodeImage::load(returns42);
    ASSERT_TRUE(first.ok());
    where = first->data();
    CodeImage second = *std::move(first);
    EXPECT_EQ(second.data(), where);
    EXPECT_EQ(call(second.data()), 42);
  }
  EXPECT_NE(permissionsAt(where), "r-xp");
}

TEST(CodeImageTest, NothingToRun) {
  Result<CodeImage> image = CodeImage::load({});
  ASSERT_FALSE(image.ok());
  EXPECT_EQ(image.status().code(), StatusCode::BadInput);
  EXPECT_THAT(image.status().message(), HasSubstr("0 bytes"));
}

TEST(CodeImageTest, SystemsThatForbidIt) {
  auto load = [] {
    forbidExecutableMemory();
    Result<CodeImage> image = CodeImage::load(returns42);
    if (image.ok())
      _exit(1);
    bool right = image.status().code() == StatusCode::DeviceError &&
                 image.status().message().find("make memory executable") !=
                     std::string::npos;
    _exit(right ? 0 : 2);
  };
  EXPECT_EXIT(load(), testing::ExitedWithCode(0), "");
}
