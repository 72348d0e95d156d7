#include "passes/lower/Rotate.h"

#include "passes/lower/Math.h"

namespace mlir::sluice::lower {

static int64_t padded(const Target &target, int64_t dims) {
  return llvm::alignTo(dims, 2 * target.lanes);
}

int64_t rotationBytes(const Target &target, attn::RopeAttr rope) {
  return 2 * padded(target, rope.getDims()) * 4;
}

void rotation(Stage &s, attn::RopeAttr rope, Val position, bool inverse,
              Val table) {
  ArrayRef<float> freqs = rope.getFreqs().asArrayRef();
  Val pos = s.spread(toFloat(position, s.b.getF32Type()));
  int64_t sines = padded(s.getTarget(), rope.getDims());
  for (int64_t j = 0; j < static_cast<int64_t>(freqs.size()); j += s.lanes()) {
    auto [sine, cosine] = sinCos(pos * s.constantLanes(freqs.drop_front(j)));
    if (rope.getFactor() != 1.0f) {
      sine = sine * rope.getFactor();
      cosine = cosine * rope.getFactor();
    }
    // (a, b) -> (a cos - b sin, b cos + a sin): both channels of a pair have
    // its cos, and its sin with the sign of the other channel's share.
    Val negative = -sine;
    Val pair =
        inverse ? interleave(sine, negative) : interleave(negative, sine);
    s.storeVector(interleave(cosine, cosine), table, s.i64(2 * j),
                  2 * s.lanes());
    s.storeVector(pair, table, s.i64(sines + 2 * j), 2 * s.lanes());
  }
  s.sync();
}

/// The last channels, from `still` on.
static void turn(Stage &s, attn::RopeAttr rope, Val table, Numbers source,
                 Val from, Numbers target, Val to, int64_t still) {
  Type f32 = s.b.getF32Type();
  int64_t dims = rope.getDims(), sines = padded(s.getTarget(), dims);
  s.chunks(dims, [&](Val c, int64_t valid) {
    Val x = s.loadLanes(source, from + c + still, valid);
    Val cosine = s.loadLanes(table, c, f32);
    Val sine = s.loadLanes(table, c + sines, f32);
    Val turned = fma(s.swapLanes(x, 1), sine, x * cosine);
    s.storeLanes(turned, target, to + c + still, valid);
  });
}

void rotate(Stage &s, attn::RopeAttr rope, Val table, Numbers source, Val from,
            Numbers target, Val to, int64_t d) {
  int64_t still = d - rope.getDims();
  s.chunks(still, [&](Val c, int64_t valid) {
    s.storeLanes(s.loadLanes(source, from + c, valid), target, to + c, valid);
  });
  turn(s, rope, table, source, from, target, to, still);
}

void rotateInPlace(Stage &s, attn::RopeAttr rope, Val table, Numbers x,
                   int64_t d) {
  turn(s, rope, table, x, s.i64(0), x, s.i64(0), d - rope.getDims());
}

} // namespace mlir::sluice::lower
