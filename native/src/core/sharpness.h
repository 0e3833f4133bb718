#pragma once

#include "core/picture.h"

namespace anprd {

// Variance of the 3x3 Laplacian (0 1 0, 1 -4 1, 0 1 0) over the pixels that have all four
// neighbours: high for crisp edges, low for motion blur. Negative where a side is under 3 pixels
// or out of range.
double Sharpness(GreyView source);

}  // namespace anprd
