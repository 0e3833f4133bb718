#include "core/letterbox.h"

#include <algorithm>
#include <cstring>
#include <vector>

namespace anprd {
namespace {

// Which source samples make one target sample along an axis: the first and the last with a weight
// of their own, and all those between with the axis's inner weight.
struct Span {
  int first;
  int count;
  uint32_t firstWeight;
  uint32_t lastWeight;
};

struct Axis {
  std::vector<Span> spans;
  uint32_t innerWeight;
  // The sum of the weights of every span.
  uint32_t total;
};

// Lengths in units of 1/to of a source sample: a target sample covers `from` of them, a source
// sample is `to` long. So every weight is a whole number.
Axis ShrinkingAxis(int from, int to) {
  Axis axis{std::vector<Span>(to), static_cast<uint32_t>(to), static_cast<uint32_t>(from)};
  for (int i = 0; i < to; i++) {
    const int64_t begin = int64_t{i} * from;
    const int64_t end = begin + from;
    const int first = static_cast<int>(begin / to);
    const int last = static_cast<int>((end - 1) / to);
    const auto firstWeight = static_cast<uint32_t>(std::min<int64_t>(end, int64_t{first + 1} * to) - begin);
    const auto lastWeight = static_cast<uint32_t>(end - int64_t{last} * to);
    axis.spans[i] = {first, last - first + 1, firstWeight, lastWeight};
  }
  return axis;
}

// Sample centres are at k + 0.5 in both; beyond the border its sample is repeated.
Axis EnlargingAxis(int from, int to) {
  const int64_t whole = 2 * int64_t{to};
  Axis axis{std::vector<Span>(to), 0, static_cast<uint32_t>(whole)};
  for (int i = 0; i < to; i++) {
    const int64_t position = (2 * int64_t{i} + 1) * from - to;
    if (position <= 0) {
      axis.spans[i] = {0, 1, static_cast<uint32_t>(whole), 0};
      continue;
    }
    const int first = static_cast<int>(position / whole);
    const auto lastWeight = static_cast<uint32_t>(position % whole);
    if (first + 1 >= from || lastWeight == 0) {
      axis.spans[i] = {std::min(first, from - 1), 1, static_cast<uint32_t>(whole), 0};
    } else {
      axis.spans[i] = {first, 2, static_cast<uint32_t>(whole) - lastWeight, lastWeight};
    }
  }
  return axis;
}

Axis AxisOf(int from, int to) { return to < from ? ShrinkingAxis(from, to) : EnlargingAxis(from, to); }

// The loops below are kept plain and apart so that the compiler turns them into vector code.
void SetRow(uint32_t* __restrict out, const uint8_t* __restrict row, uint16_t weight, int width) {
  for (int x = 0; x < width; x++) out[x] = uint32_t{row[x]} * weight;
}

void AddRow(uint32_t* __restrict out, const uint8_t* __restrict row, uint16_t weight, int width) {
  for (int x = 0; x < width; x++) out[x] += static_cast<uint32_t>(uint16_t{row[x]}) * weight;
}

void SetSum(uint16_t* __restrict out, const uint8_t* __restrict row, int width) {
  for (int x = 0; x < width; x++) out[x] = row[x];
}

void AddSum(uint16_t* __restrict out, const uint8_t* __restrict row, int width) {
  for (int x = 0; x < width; x++) out[x] = static_cast<uint16_t>(out[x] + row[x]);
}

void AddWeightedSum(uint32_t* __restrict out, const uint16_t* __restrict sum, uint16_t weight, int width) {
  for (int x = 0; x < width; x++) out[x] += static_cast<uint32_t>(sum[x]) * weight;
}

// Weighted sum of the rows of one span.
void MixRows(const GreyView& source, const Axis& axis, const Span& span, uint32_t* out, uint16_t* sum) {
  const int width = source.widthPx;
  const auto row = [&](int k) { return source.pixels + static_cast<size_t>(span.first + k) * width; };
  SetRow(out, row(0), static_cast<uint16_t>(span.firstWeight), width);
  if (span.count == 1) return;
  AddRow(out, row(span.count - 1), static_cast<uint16_t>(span.lastWeight), width);
  // 257 rows of 255 are what 16 bits hold.
  for (int k = 1; k < span.count - 1; k += 257) {
    const int end = std::min(k + 257, span.count - 1);
    SetSum(sum, row(k), width);
    for (int j = k + 1; j < end; j++) AddSum(sum, row(j), width);
    AddWeightedSum(out, sum, static_cast<uint16_t>(axis.innerWeight), width);
  }
}

void MixColumns(const uint32_t* mixed, const Axis& axis, double scale, uint8_t* out) {
  const int width = static_cast<int>(axis.spans.size());
  for (int x = 0; x < width; x++) {
    const Span& span = axis.spans[x];
    const uint32_t* sample = mixed + span.first;
    uint64_t sum = uint64_t{sample[0]} * span.firstWeight;
    if (span.count > 1) {
      uint64_t inner = 0;
      for (int k = 1; k < span.count - 1; k++) inner += sample[k];
      sum += inner * axis.innerWeight + uint64_t{sample[span.count - 1]} * span.lastWeight;
    }
    out[x] = static_cast<uint8_t>(static_cast<double>(static_cast<int64_t>(sum)) * scale + 0.5);
  }
}

}  // namespace

bool Letterbox(GreyView source, GreyTarget target, int scaledWidthPx, int scaledHeightPx, uint8_t pad) {
  if (!IsSide(source.widthPx) || !IsSide(source.heightPx) || !IsSide(target.widthPx) ||
      !IsSide(target.heightPx) || !IsSide(scaledWidthPx) || !IsSide(scaledHeightPx) ||
      scaledWidthPx > target.widthPx || scaledHeightPx > target.heightPx) {
    return false;
  }
  const Axis columns = AxisOf(source.widthPx, scaledWidthPx);
  const Axis rows = AxisOf(source.heightPx, scaledHeightPx);
  const double scale = 1.0 / (static_cast<double>(columns.total) * rows.total);
  std::vector<uint32_t> mixed(source.widthPx);
  std::vector<uint16_t> sum(source.widthPx);
  const size_t rest = static_cast<size_t>(target.widthPx - scaledWidthPx);
  for (int y = 0; y < scaledHeightPx; y++) {
    uint8_t* out = target.pixels + static_cast<size_t>(y) * target.widthPx;
    MixRows(source, rows, rows.spans[y], mixed.data(), sum.data());
    MixColumns(mixed.data(), columns, scale, out);
    std::memset(out + scaledWidthPx, pad, rest);
  }
  const size_t filled = static_cast<size_t>(scaledHeightPx) * target.widthPx;
  std::memset(target.pixels + filled, pad, static_cast<size_t>(target.heightPx) * target.widthPx - filled);
  return true;
}

}  // namespace anprd
