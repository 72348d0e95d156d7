#include "runtime/device/sim/ptx/Type.h"

#include <iterator>

namespace sluice::sim {
namespace {

struct TypeRow {
  std::string_view name;
  int bits;
  char kind; // Bits, Unsigned, Signed, Float, Packed
};

// In the order of the enumeration.
constexpr TypeRow rows[] = {
    {"pred", 1, 'B'},    {"b8", 8, 'B'},      {"b16", 16, 'B'},
    {"b32", 32, 'B'},    {"b64", 64, 'B'},    {"b128", 128, 'B'},
    {"u8", 8, 'U'},      {"u16", 16, 'U'},    {"u32", 32, 'U'},
    {"u64", 64, 'U'},    {"s8", 8, 'S'},      {"s16", 16, 'S'},
    {"s32", 32, 'S'},    {"s64", 64, 'S'},    {"f16", 16, 'F'},
    {"f16x2", 32, 'P'},  {"bf16", 16, 'F'},   {"bf16x2", 32, 'P'},
    {"tf32", 32, 'F'},   {"f32", 32, 'F'},    {"f64", 64, 'F'},
    {"f32x2", 64, 'P'},  {"u16x2", 32, 'P'},  {"s16x2", 32, 'P'},
    {"e4m3", 8, 'F'},    {"e5m2", 8, 'F'},    {"e4m3x2", 16, 'P'},
    {"e5m2x2", 16, 'P'}, {"e2m1x2", 8, 'P'},  {"e2m3x2", 16, 'P'},
    {"e3m2x2", 16, 'P'}, {"ue8m0x2", 16, 'P'}};

const TypeRow &rowOf(Type type) { return rows[static_cast<size_t>(type)]; }

} // namespace

std::optional<Type> typeFromWord(std::string_view word) {
  for (size_t i = 0; i < std::size(rows); ++i)
    if (rows[i].name == word)
      return static_cast<Type>(i);
  return std::nullopt;
}

std::string_view typeName(Type type) { return rowOf(type).name; }
int typeBits(Type type) { return rowOf(type).bits; }
bool isSignedInteger(Type type) { return rowOf(type).kind == 'S'; }
bool isFloat(Type type) {
  return rowOf(type).kind == 'F' ||
         (rowOf(type).kind == 'P' && type != Type::U16x2 &&
          type != Type::S16x2);
}

} // namespace sluice::sim
