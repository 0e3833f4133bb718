#include "core/sharpness.h"

#include <algorithm>

namespace anprd {

double Sharpness(GreyView source) {
  const int width = source.widthPx, height = source.heightPx;
  if (!IsSide(width) || !IsSide(height) || width < 3 || height < 3) return -1;
  int64_t sum = 0;
  int64_t sumOfSquares = 0;
  for (int y = 1; y < height - 1; y++) {
    const uint8_t* row = source.pixels + static_cast<size_t>(y) * width;
    // A row's sums fit easily; 32 bits keep the loop in vector registers.
    int32_t rowSum = 0;
    int64_t rowSquares = 0;
    for (int x = 1; x < width - 1; x++) {
      const int32_t value = row[x - 1] + row[x + 1] + row[x - width] + row[x + width] - 4 * row[x];
      rowSum += value;
      rowSquares += value * value;
    }
    sum += rowSum;
    sumOfSquares += rowSquares;
  }
  const double count = static_cast<double>(width - 2) * (height - 2);
  const double mean = static_cast<double>(sum) / count;
  return std::max(0.0, static_cast<double>(sumOfSquares) / count - mean * mean);
}

}  // namespace anprd
