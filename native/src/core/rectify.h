#pragma once

#include "core/picture.h"

namespace anprd {

constexpr int kMostSubsamples = 8;

// Straightens the part of `source` inside a quad into `target` by the homography of its corners.
//
// corners: x, y of top left, top right, bottom right, bottom left in source pixels (pixel k's
// centre is at k + 0.5); they may lie outside the picture, whose border is repeated. Every target
// pixel is the mean of subsamples x subsamples bilinear samples (1 to kMostSubsamples).
// A quad without area has no homography; its parallelogram is taken instead, so that any finite
// corners give a picture. Returns false, and writes nothing, for sizes or subsamples out of range.
bool Rectify(GreyView source, const double corners[8], GreyTarget target, int subsamples);

}  // namespace anprd
