#include "core/motion.h"

#include <algorithm>
#include <cmath>

namespace anprd {
namespace {

// Sum of the differences in a block: its sign survives, so that noise cancels within the block.
int DifferenceOf(const uint8_t* previous, const uint8_t* current, int stride, int width, int height) {
  int sum = 0;
  for (int y = 0; y < height; y++) {
    const uint8_t* a = previous + static_cast<size_t>(y) * stride;
    const uint8_t* b = current + static_cast<size_t>(y) * stride;
    for (int x = 0; x < width; x++) sum += b[x] - a[x];
  }
  return sum;
}

}  // namespace

double ChangedBlocks(GreyView previous, GreyView current, double threshold) {
  const int width = current.widthPx, height = current.heightPx;
  if (!IsSide(width) || !IsSide(height) || previous.widthPx != width || previous.heightPx != height ||
      !(threshold >= 0)) {
    return -1;
  }
  int changed = 0;
  int blocks = 0;
  for (int y = 0; y < height; y += kBlockPx) {
    const int blockHeight = std::min(kBlockPx, height - y);
    for (int x = 0; x < width; x += kBlockPx) {
      const int blockWidth = std::min(kBlockPx, width - x);
      const size_t offset = static_cast<size_t>(y) * width + x;
      const int difference = blockWidth == kBlockPx
                                 ? DifferenceOf(previous.pixels + offset, current.pixels + offset, width, kBlockPx, blockHeight)
                                 : DifferenceOf(previous.pixels + offset, current.pixels + offset, width, blockWidth, blockHeight);
      if (std::abs(difference) > threshold * (blockWidth * blockHeight)) changed++;
      blocks++;
    }
  }
  return static_cast<double>(changed) / blocks;
}

}  // namespace anprd
