#pragma once

#include "core/picture.h"

namespace anprd {

constexpr int kBlockPx = 16;

// The fraction (0 to 1) of 16 x 16 blocks whose mean grey differs by more than `threshold` between
// two pictures of one size; blocks at the right and lower border may be smaller. Negative where a
// size is out of range or differs.
double ChangedBlocks(GreyView previous, GreyView current, double threshold);

}  // namespace anprd
