#pragma once

#include "core/picture.h"

namespace anprd {

constexpr int kLevels = 256;

// A part of a picture: its left, top, width and height in pixels, all of it inside.
struct Part {
  int leftPx, topPx, widthPx, heightPx;
};

// Counts grey levels of every `step`-th pixel of every `step`-th line into kLevels counts, which
// are set to zero first. Returns false, and writes nothing, where a size or the step is out of
// range or the part is not inside the picture.
bool CountLevels(GreyView source, Part part, int step, uint32_t* counts);

// Counts by how much a pixel's two neighbours differ, without the sign, which is twice the slope
// there: first kLevels counts along the lines, then kLevels down the columns. Pixels at the part's
// border are left out. Returns false, and writes nothing, as above, and where a side is under 3.
bool CountSlopes(GreyView source, Part part, uint32_t* counts);

}  // namespace anprd
