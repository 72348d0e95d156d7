// What nobody wrote matters only where it reaches a result: compilers compute
// both sides of a condition and then drop one.

#include "test/runtime/device/sim/check/CheckCase.h"

namespace sluice::sim {
namespace {

using enum FindingKind;

/// %r12 and %p5 are not written; %p1 is false, %p2 true. %r7 has a lower half
/// that is written and an upper one that is not, %r8 the reverse.
CheckCase decided(const char *name, const std::string &instructions,
                  const std::string &stored, bool isFound) {
  std::string body = R"(
  .reg .b16 %h<4>;
  setp.gt.u32 %p1, %r1, 99;
  setp.lt.u32 %p2, %r1, 99;
  cvt.u16.u32 %h0, %r1;
  mov.b32 %r7, {%h0, %h3};
  mov.b32 %r8, {%h3, %h0};
  )" + instructions + "\n  " +
                     stored;
  return {name, body, 1, 32,
          isFound ? std::vector{Uninitialised} : std::vector<FindingKind>{}};
}

CheckCase predicate(const char *name, const std::string &instruction,
                    bool isFound) {
  return decided(name, instruction, "@%p3 st.global.u32 [%rd5], %r1;", isFound);
}

CheckCase whole(const char *name, const std::string &instruction,
                bool isFound) {
  return decided(name, instruction, "st.global.u32 [%rd5], %r6;", isFound);
}

CheckCase lower(const char *name, const std::string &instruction,
                bool isFound) {
  return decided(name, instruction,
                 "mov.b32 {%h1, %h2}, %r6;\n  st.global.u16 [%rd5], %h1;",
                 isFound);
}

CheckCase upper(const char *name, const std::string &instruction,
                bool isFound) {
  return decided(name, instruction,
                 "mov.b32 {%h1, %h2}, %r6;\n  st.global.u16 [%rd5], %h2;",
                 isFound);
}

const CheckCase kCases[] = {
    predicate("andFalse", "and.pred %p3, %p5, %p1;", false),
    predicate("falseAnd", "and.pred %p3, %p1, %p5;", false),
    predicate("andNotTrue", "and.pred %p3, %p5, !%p2;", false),
    predicate("andTrue", "and.pred %p3, %p5, %p2;", true),
    predicate("orTrue", "or.pred %p3, %p5, %p2;", false),
    predicate("trueOr", "or.pred %p3, %p2, %p5;", false),
    predicate("orFalse", "or.pred %p3, %p5, %p1;", true),
    predicate("xorFalse", "xor.pred %p3, %p5, %p1;", true),
    predicate("notUndefined", "not.pred %p3, %p5;", true),
    predicate(
        "comparedAndFalse",
        "setp.eq.and.u32 %p3|%p4, %r12, 0, %p1;\n  @%p4 bra END;\nEND:", false),
    predicate("comparedAndTrue", "setp.eq.and.u32 %p3, %r12, 0, %p2;", true),
    predicate("oppositeAndTrue", "setp.eq.and.u32 %p4|%p3, %r12, 0, %p2;",
              true),
    predicate("oppositeOfFalseAndUndefined",
              "setp.gt.and.u32 %p4|%p3, %r1, 99, %p5;", true),
    predicate("oppositeOfTrueAndUndefined",
              "setp.lt.and.u32 %p4|%p3, %r1, 99, %p5;", false),
    predicate("comparedOrTrue", "setp.eq.or.u32 %p3, %r12, 0, %p2;", false),
    predicate("comparedOrFalse", "setp.eq.or.u32 %p3, %r12, 0, %p1;", true),
    predicate("comparedXor", "setp.eq.xor.u32 %p3, %r12, 0, %p1;", true),
    predicate("falseAndUndefined", "setp.gt.and.u32 %p3, %r1, 99, %p5;", false),
    predicate("trueAndUndefined", "setp.lt.and.u32 %p3, %r1, 99, %p5;", true),
    predicate("overwritesWhatItReads",
              "setp.lt.u32 %p3, %r12, 5;\n  setp.lt.and.u32 %p3, %r1, 99, %p3;",
              true),
    whole("chosenBySign", "slct.b32.s32 %r6, %r1, %r12, 1;", false),
    whole("notChosenBySign", "slct.b32.s32 %r6, %r1, %r12, -1;", true),
    whole("chosenByAnUndefinedSign", "slct.b32.s32 %r6, %r1, 5, %r12;", true),
    whole("maskedToNothing", "and.b32 %r6, %r12, 0;", false),
    whole("maskedByNothing", "and.b32 %r6, 0, %r12;", false),
    whole("maskedToABit", "and.b32 %r6, %r12, 1;", true),
    whole("setThroughout", "or.b32 %r6, %r12, -1;", false),
    whole("setInPart", "or.b32 %r6, %r12, 0xffff;", true),
    whole("differsFromItself", "xor.b32 %r6, %r12, %r12;", false),
    whole("differsFromAnother", "xor.b32 %r6, %r12, %r1;", true),
    whole("inverted", "not.b32 %r6, %r12;", true),
    whole("shiftedByAnUndefinedAmount", "shr.u32 %r6, %r1, %r12;", true),
    whole("bytesOfTheOther", "prmt.b32 %r6, %r1, %r12, 0x3210;", false),
    whole("aByteOfIt", "prmt.b32 %r6, %r1, %r12, 0x4210;", true),
    whole("bytesAtRandom", "prmt.b32 %r6, %r1, %r1, %r12;", true),
    whole("andOfThree", "lop3.b32 %r6, %r12, 0, %r1, 0x80;", false),
    whole("xorOfThree", "lop3.b32 %r6, %r12, 0, %r1, 0x96;", true),
    whole("differsFromItselfAmongThree", "lop3.b32 %r6, %r1, %r12, %r12, 0x96;",
          false),
    whole("fieldOfTheWrittenHalf", "bfe.u32 %r6, %r8, 16, 8;", false),
    whole("fieldOfTheOtherHalf", "bfe.u32 %r6, %r8, 8, 16;", true),
    whole("funnelOfTheWritten", "shf.r.wrap.b32 %r6, %r1, %r12, 0;", false),
    whole("funnelOfBoth", "shf.r.wrap.b32 %r6, %r1, %r12, 1;", true),
    decided("truncated", "cvt.u16.u32 %h1, %r7;", "st.global.u16 [%rd5], %h1;",
            false),
    decided("truncatedToTheUndefined", "cvt.u16.u32 %h1, %r8;",
            "st.global.u16 [%rd5], %h1;", true),
    upper("zeroExtended", "cvt.u32.u16 %r6, %h3;", false),
    upper("signExtended", "cvt.s32.s16 %r6, %h3;", true),
    lower("shiftedAway", "shl.b32 %r6, %r12, 16;", false),
    upper("shiftedUp", "shl.b32 %r6, %r12, 16;", true),
    upper("shiftedUpFromBelow", "shl.b32 %r6, %r7, 16;", false),
    lower("shiftedDown", "shr.u32 %r6, %r8, 16;", false),
    upper("shiftedDownWithItsSign", "shr.s32 %r6, %r7, 16;", true),
    whole("storedWithAnUndefinedHalf", "mov.b32 %r6, %r7;", true),
    lower("lowerHalfInMemory",
          "st.shared.u32 [%r5], %r7;\n  ld.shared.u32 %r6, [%r5];", false),
    upper("upperHalfInMemory",
          "st.shared.u32 [%r5], %r7;\n  ld.shared.u32 %r6, [%r5];", true),
    lower("lowerHalfOfALane", "shfl.sync.idx.b32 %r6, %r7, 0, 31, -1;", false),
    upper("upperHalfOfALane", "shfl.sync.idx.b32 %r6, %r7, 0, 31, -1;", true),
    decided("addressByHalves",
            "cvt.u16.u32 %h1, %r5;\n  mov.b32 %r6, {%h1, %h3};",
            "st.shared.u32 [%r6], %r1;", true),
    decided("addedByHalves", "", "red.global.add.u32 [%rd4], %r7;", true),
    decided("comparedByHalves", "atom.global.cas.b32 %r6, [%rd4], %r7, 5;", "",
            true),
    decided("swappedByHalves", "atom.global.cas.b32 %r6, [%rd4], 7, %r7;", "",
            true),
    decided("productOfAHalf",
            ".reg .b32 %a<4>;\n  .reg .f32 %f<4>;\n"
            "  mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 "
            "{%f0,%f1,%f2,%f3}, {%r7,%r1,%r1,%r1}, {%r1,%r1}, "
            "{0f00000000,0f00000000,0f00000000,0f00000000};",
            "st.global.f32 [%rd5], %f0;", true),
    lower("lowerHalfOfAChoice", "selp.b32 %r6, %r7, 0, %p2;", false),
    upper("upperHalfOfAChoice", "selp.b32 %r6, %r7, 0, %p2;", true),
};

INSTANTIATE_TEST_SUITE_P(Decided, CheckTest, testing::ValuesIn(kCases),
                         nameOfCase);

} // namespace
} // namespace sluice::sim
