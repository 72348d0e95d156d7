#include "runtime/device/sim/machine/PrintFormat.h"

#include <cstring>
#include <gtest/gtest.h>
#include <thread>
#include <vector>

namespace sluice::sim {
namespace {

/// As a compiler lays them out: each aligned to its size.
class Packed {
public:
  template <typename T> Packed &add(T value) {
    bytes.resize((bytes.size() + sizeof(T) - 1) / sizeof(T) * sizeof(T) +
                 sizeof(T));
    std::memcpy(bytes.data() + bytes.size() - sizeof(T), &value, sizeof(T));
    return *this;
  }
  std::string print(std::string_view format) {
    arguments = {bytes, [](uint64_t address) {
                   return "text" + std::to_string(address);
                 }};
    return printText(format, arguments);
  }
  PrintArguments arguments;

private:
  std::vector<std::byte> bytes;
};

TEST(PrintFormatTest, isThatOfC) {
  EXPECT_EQ(Packed().print("no directive"), "no directive");
  EXPECT_EQ(Packed().print("100%%|%5%"), "100%|%");
  EXPECT_EQ(
      Packed().add(-5).add(7U).add(255).add(255).add(8).print("%d %u %x %X %o"),
      "-5 7 ff FF 10");
  EXPECT_EQ(Packed().add(-5).add(42).add(42).add(1).print("%+05d|%-6i|%6d|% d"),
            "-0005|42    |    42| 1");
  EXPECT_EQ(Packed().add(0x12345).add(0x1ff).print("%hd %hhu"), "9029 255");
  EXPECT_EQ(Packed()
                .add(1)
                .add(int64_t{1} << 40)
                .add(~uint64_t{0})
                .print("%d %lld %lu"),
            "1 1099511627776 18446744073709551615");
  EXPECT_EQ(
      Packed().add(1.5).add(-2.25).add(1e10).add(0.5).print("%f %.1f %e %g"),
      "1.500000 -2.2 1.000000e+10 0.5");
  EXPECT_EQ(Packed().add(3).add(1.0).add(uint64_t{16}).print("%c|%5.2f|%p"),
            "\3| 1.00|0x10");
  EXPECT_EQ(Packed().add(uint64_t{7}).add(uint64_t{8}).print("%s|%7.3s|"),
            "text7|    tex|");
  EXPECT_EQ(Packed().add(5).add(1).add(-5).add(2).add(-1).add(3).print(
                "%*d|%*d|%.*d"),
            "    1|2    |3");
}

TEST(PrintFormatTest, whatIsNoDirectiveStays) {
  EXPECT_EQ(Packed().print("%q %"), "%q %");
  EXPECT_EQ(Packed().add(1).print("%12345d %d"), "%12345d 1");
  EXPECT_EQ(Packed().add(1).print("%llld %d"), "%llld 1");
}

TEST(PrintFormatTest, argumentsAreCountedAndMayBeTooFew) {
  Packed packed;
  packed.add(1).add(2.0);
  EXPECT_EQ(packed.print("%d %f"), "1 2.000000");
  EXPECT_EQ(packed.arguments.taken, 2);
  EXPECT_TRUE(packed.arguments.enough);
  EXPECT_EQ(packed.print("%d %f %d"), "1 2.000000 0");
  EXPECT_FALSE(packed.arguments.enough);
}

TEST(PrintFormatTest, blocksStandInTheirOrder) {
  Printed printed;
  printed.add(2, "c");
  printed.add(0, "a");
  printed.add(2, "d");
  printed.add(1, "b");
  EXPECT_EQ(printed.text(), "abcd");
  EXPECT_FALSE(printed.isCut());
}

TEST(PrintFormatTest, whatIsTooMuchIsCutAtTheEndInAnyOrderOfTime) {
  std::string third(kMostPrinted / 3 + 1, ' ');
  std::vector<std::vector<uint64_t>> orders = {
      {0, 1, 2, 3}, {3, 2, 1, 0}, {2, 3, 0, 1}, {3, 1, 3, 0, 2}};
  for (const auto &order : orders) {
    Printed printed;
    for (uint64_t block : order) {
      third[0] = static_cast<char>('a' + block);
      printed.add(block, third);
    }
    std::string text = printed.text();
    ASSERT_EQ(text.size(), kMostPrinted);
    EXPECT_TRUE(printed.isCut());
    EXPECT_EQ(text[0], 'a');
    EXPECT_EQ(text[third.size()], 'b');
    EXPECT_EQ(text[2 * third.size()], 'c');
  }
  Printed one;
  for (int i = 0; i < 10; ++i)
    one.add(5, third);
  EXPECT_EQ(one.text().size(), kMostPrinted);
  EXPECT_TRUE(one.isCut());
}

} // namespace
} // namespace sluice::sim
