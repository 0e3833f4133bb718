#include "core/rectify.h"

#include <algorithm>
#include <cmath>

namespace anprd {
namespace {

// x = (a u + b v + c) / (g u + h v + 1), y = (d u + e v + f) / (g u + h v + 1)
struct Homography {
  double a, b, c, d, e, f, g, h;
};

// From the unit square (corners clockwise from the top left) to the quad, in closed form.
Homography FromUnitSquare(const double q[8]) {
  const double dx1 = q[2] - q[4], dy1 = q[3] - q[5];
  const double dx2 = q[6] - q[4], dy2 = q[7] - q[5];
  const double sx = q[0] - q[2] + q[4] - q[6];
  const double sy = q[1] - q[3] + q[5] - q[7];
  const double determinant = dx1 * dy2 - dx2 * dy1;
  double g = 0, h = 0;
  if (std::abs(determinant) > 1e-9) {
    g = (sx * dy2 - dx2 * sy) / determinant;
    h = (dx1 * sy - sx * dy1) / determinant;
  }
  return {q[2] - q[0] + g * q[2], q[6] - q[0] + h * q[6], q[0],
          q[3] - q[1] + g * q[3], q[7] - q[1] + h * q[7], q[1], g, h};
}

// Into 0..most, also what is not a number (where the quad's horizon is crossed).
double Clamped(double value, double most) { return !(value > 0) ? 0 : value < most ? value : most; }

double Bilinear(const GreyView& source, double x, double y) {
  const double fx = Clamped(x - 0.5, source.widthPx - 1);
  const double fy = Clamped(y - 0.5, source.heightPx - 1);
  const int x0 = static_cast<int>(fx), y0 = static_cast<int>(fy);
  const int right = x0 + 1 < source.widthPx ? 1 : 0;
  const uint8_t* top = source.pixels + static_cast<size_t>(y0) * source.widthPx + x0;
  const uint8_t* bottom = y0 + 1 < source.heightPx ? top + source.widthPx : top;
  const double ax = fx - x0, ay = fy - y0;
  const double upper = top[0] + (top[right] - top[0]) * ax;
  const double lower = bottom[0] + (bottom[right] - bottom[0]) * ax;
  return upper + (lower - upper) * ay;
}

}  // namespace

bool Rectify(GreyView source, const double corners[8], GreyTarget target, int subsamples) {
  if (!IsSide(source.widthPx) || !IsSide(source.heightPx) || !IsSide(target.widthPx) ||
      !IsSide(target.heightPx) || subsamples < 1 || subsamples > kMostSubsamples) {
    return false;
  }
  for (int i = 0; i < 8; i++) {
    if (!std::isfinite(corners[i])) return false;
  }
  const Homography m = FromUnitSquare(corners);
  const double stepU = 1.0 / (static_cast<double>(target.widthPx) * subsamples);
  const double stepV = 1.0 / (static_cast<double>(target.heightPx) * subsamples);
  const double mean = 1.0 / (subsamples * subsamples);
  for (int row = 0; row < target.heightPx; row++) {
    uint8_t* out = target.pixels + static_cast<size_t>(row) * target.widthPx;
    // What v adds to the numerators and the denominator is the same all along a line of samples.
    double x0[kMostSubsamples], y0[kMostSubsamples], w0[kMostSubsamples];
    for (int j = 0; j < subsamples; j++) {
      const double v = (row * subsamples + j + 0.5) * stepV;
      x0[j] = m.b * v + m.c;
      y0[j] = m.e * v + m.f;
      w0[j] = m.h * v + 1.0;
    }
    for (int column = 0; column < target.widthPx; column++) {
      double sum = 0;
      for (int i = 0; i < subsamples; i++) {
        const double u = (column * subsamples + i + 0.5) * stepU;
        const double x = m.a * u, y = m.d * u, w = m.g * u;
        for (int j = 0; j < subsamples; j++) {
          const double scale = 1.0 / (w + w0[j]);
          sum += Bilinear(source, (x + x0[j]) * scale, (y + y0[j]) * scale);
        }
      }
      out[column] = static_cast<uint8_t>(sum * mean + 0.5);
    }
  }
  return true;
}

}  // namespace anprd
