#pragma once

#include "core/picture.h"

namespace anprd {

// Scales `source` to scaledWidthPx x scaledHeightPx in the top left corner of `target` and fills
// the rest with `pad`. Along each axis: area average when shrinking, bilinear when enlarging, both
// in integers with one rounding (half up) at the end.
// Returns false, and writes nothing, where a side is out of range or the scaled picture does not
// fit into the target.
bool Letterbox(GreyView source, GreyTarget target, int scaledWidthPx, int scaledHeightPx, uint8_t pad);

}  // namespace anprd
