#include "core/levels.h"

#include <cstdlib>
#include <cstring>

namespace anprd {
namespace {

bool IsInside(GreyView source, Part part) {
  return IsSide(source.widthPx) && IsSide(source.heightPx) && IsSide(part.widthPx) && IsSide(part.heightPx) &&
         part.leftPx >= 0 && part.topPx >= 0 && part.leftPx <= source.widthPx - part.widthPx &&
         part.topPx <= source.heightPx - part.heightPx;
}

const uint8_t* LineOf(GreyView source, int y) { return source.pixels + static_cast<size_t>(y) * source.widthPx; }

}  // namespace

bool CountLevels(GreyView source, Part part, int step, uint32_t* counts) {
  if (!IsInside(source, part) || !IsSide(step)) return false;
  std::memset(counts, 0, kLevels * sizeof(*counts));
  for (int y = 0; y < part.heightPx; y += step) {
    const uint8_t* line = LineOf(source, part.topPx + y) + part.leftPx;
    for (int x = 0; x < part.widthPx; x += step) counts[line[x]]++;
  }
  return true;
}

bool CountSlopes(GreyView source, Part part, uint32_t* counts) {
  if (!IsInside(source, part) || part.widthPx < 3 || part.heightPx < 3) return false;
  std::memset(counts, 0, 2 * kLevels * sizeof(*counts));
  uint32_t* down = counts + kLevels;
  for (int y = 1; y < part.heightPx - 1; y++) {
    const uint8_t* line = LineOf(source, part.topPx + y) + part.leftPx;
    for (int x = 1; x < part.widthPx - 1; x++) {
      counts[std::abs(line[x + 1] - line[x - 1])]++;
      down[std::abs(line[x + source.widthPx] - line[x - source.widthPx])]++;
    }
  }
  return true;
}

}  // namespace anprd
