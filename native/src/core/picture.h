// Views of 8-bit grey pictures, row by row without padding. The core knows nothing of Node: it is
// plain C++17, so that it can be tested under sanitizers by itself.
#pragma once

#include <cstddef>
#include <cstdint>

namespace anprd {

// Keeps every product below in its type: 255 * 2 * 16384 fits 32 bits, its square fits a double.
constexpr int kMostSidePx = 16384;

struct GreyView {
  const uint8_t* pixels;
  int widthPx;
  int heightPx;
};

struct GreyTarget {
  uint8_t* pixels;
  int widthPx;
  int heightPx;
};

constexpr bool IsSide(int64_t lengthPx) { return lengthPx >= 1 && lengthPx <= kMostSidePx; }

}  // namespace anprd
