#include "passes/lower/Rotate.h"

#include "passes/lower/Math.h"

namespace mlir::sluice::lower {

static int64_t padded(int64_t dims) {
  return (dims + 2 * kLanes - 1) / (2 * kLanes) * (2 * kLanes);
}

int64_t rotationBytes(attn::RopeAttr rope) {
  return 2 * padded(rope.getDims()) * 4;
}

/// Frequencies first .. first+15, zero past the end.
static Val frequencies(Stage &s, ArrayRef<float> freqs, int64_t first) {
  SmallVector<float> lanes(kLanes, 0.0f);
  for (int64_t i = 0; i < kLanes; ++i)
    if (first + i < static_cast<int64_t>(freqs.size()))
      lanes[i] = freqs[first + i];
  auto type = VectorType::get({kLanes}, s.b.getF32Type());
  return Val(s.b, arith::ConstantOp::create(
                      s.b, DenseElementsAttr::get(type, ArrayRef(lanes))));
}

void rotation(Stage &s, attn::RopeAttr rope, Val position, bool inverse,
              Val table) {
  ArrayRef<float> freqs = rope.getFreqs().asArrayRef();
  Val pos = spread(toFloat(position, s.b.getF32Type()), kLanes);
  int64_t sines = padded(rope.getDims());
  for (int64_t j = 0; j < static_cast<int64_t>(freqs.size()); j += kLanes) {
    auto [sine, cosine] = sinCos(pos * frequencies(s, freqs, j));
    if (rope.getFactor() != 1.0f) {
      sine = sine * rope.getFactor();
      cosine = cosine * rope.getFactor();
    }
    // (a, b) -> (a cos - b sin, b cos + a sin): both channels of a pair have
    // its cos, and its sin with the sign of the other channel's share.
    Val negative = -sine;
    Val pair =
        inverse ? interleave(sine, negative) : interleave(negative, sine);
    s.storeVector(interleave(cosine, cosine), table, s.i64(2 * j), 2 * kLanes);
    s.storeVector(pair, table, s.i64(sines + 2 * j), 2 * kLanes);
  }
}

void rotate(Stage &s, attn::RopeAttr rope, Val table, Numbers source, Val from,
            Numbers target, Val to, int64_t d) {
  Type f32 = s.b.getF32Type();
  int64_t dims = rope.getDims(), still = d - dims, sines = padded(dims);
  s.chunks(still, [&](Val c, int64_t valid) {
    s.storeLanes(s.loadLanes(source, from + c, valid), target, to + c, valid);
  });
  SmallVector<int64_t> other;
  for (int64_t i = 0; i < kLanes; ++i)
    other.push_back(i ^ 1);
  s.chunks(dims, [&](Val c, int64_t valid) {
    Val x = s.loadLanes(source, from + c + still, valid);
    Val cosine = s.loadLanes(table, c, f32);
    Val sine = s.loadLanes(table, c + sines, f32);
    Val turned = fma(shuffle(x, other), sine, x * cosine);
    s.storeLanes(turned, target, to + c + still, valid);
  });
}

} // namespace mlir::sluice::lower
