// Runs every kernel over many sizes with pictures in heap blocks of exactly their size, so that
// AddressSanitizer sees the first byte read or written outside, and checks what must hold of any
// result. What the bytes must be is checked against the TypeScript oracle (test/unit/native).

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <memory>
#include <random>

#include "core/letterbox.h"
#include "core/levels.h"
#include "core/motion.h"
#include "core/rectify.h"
#include "core/sharpness.h"

namespace {

using namespace anprd;

#define CHECK(condition)                                                        \
  do {                                                                          \
    if (!(condition)) {                                                         \
      std::fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
      std::exit(1);                                                             \
    }                                                                           \
  } while (false)

std::mt19937 random_(20);

int Between(int least, int most) { return std::uniform_int_distribution<int>(least, most)(random_); }

struct Picture {
  std::unique_ptr<uint8_t[]> pixels;
  int width, height;

  Picture(int width, int height, int fill = -1) : pixels(new uint8_t[width * height]), width(width), height(height) {
    for (int i = 0; i < width * height; i++) pixels[i] = static_cast<uint8_t>(fill < 0 ? Between(0, 255) : fill);
  }
  GreyView View() const { return {pixels.get(), width, height}; }
  GreyTarget Target() { return {pixels.get(), width, height}; }
};

void LetterboxKeepsAFlatPictureFlatAndPadsTheRest() {
  for (int round = 0; round < 400; round++) {
    const Picture source(Between(1, 90), Between(1, 90), 200);
    Picture target(Between(1, 90), Between(1, 90));
    const int scaledWidth = Between(1, target.width), scaledHeight = Between(1, target.height);
    CHECK(Letterbox(source.View(), target.Target(), scaledWidth, scaledHeight, 114));
    for (int y = 0; y < target.height; y++) {
      for (int x = 0; x < target.width; x++) {
        const int expected = x < scaledWidth && y < scaledHeight ? 200 : 114;
        CHECK(target.pixels[y * target.width + x] == expected);
      }
    }
  }
}

void LetterboxDoesNotOverflowWhereAWholePictureBecomesOnePixel() {
  for (const auto& [width, height] : {std::pair{kMostSidePx, 3}, {2, kMostSidePx}, {700, 600}}) {
    const Picture source(width, height, 255);
    Picture target(1, 1, 0);
    CHECK(Letterbox(source.View(), target.Target(), 1, 1, 0));
    CHECK(target.pixels[0] == 255);
  }
}

void LetterboxRefusesSizesThatDoNotFit() {
  const Picture source(8, 8);
  Picture target(8, 8, 7);
  CHECK(!Letterbox(source.View(), target.Target(), 9, 8, 0));
  CHECK(!Letterbox(source.View(), target.Target(), 8, 0, 0));
  CHECK(!Letterbox({source.pixels.get(), 0, 8}, target.Target(), 8, 8, 0));
  CHECK(!Letterbox({source.pixels.get(), kMostSidePx + 1, 1}, target.Target(), 8, 8, 0));
  for (int i = 0; i < 64; i++) CHECK(target.pixels[i] == 7);
}

void RectifyStaysInsideThePictureWhereverTheCornersAre() {
  const double wild[] = {0, -1e300, 1e300, 1e-300, 5, 17, -3, 40};
  for (int round = 0; round < 600; round++) {
    const Picture source(Between(1, 60), Between(1, 60), 90);
    Picture target(Between(1, 40), Between(1, 40), 0);
    double corners[8];
    for (double& corner : corners) corner = round % 3 == 0 ? wild[Between(0, 7)] : Between(-80, 140);
    CHECK(Rectify(source.View(), corners, target.Target(), Between(1, kMostSubsamples)));
    for (int i = 0; i < target.width * target.height; i++) CHECK(target.pixels[i] == 90);
  }
}

void RectifyOfThePictureItselfIsACopy() {
  const Picture source(37, 23);
  Picture target(37, 23);
  const double corners[8] = {0, 0, 37, 0, 37, 23, 0, 23};
  CHECK(Rectify(source.View(), corners, target.Target(), 1));
  for (int i = 0; i < 37 * 23; i++) CHECK(target.pixels[i] == source.pixels[i]);
}

void RectifyRefusesWhatIsNoQuad() {
  const Picture source(8, 8);
  Picture target(8, 8);
  double corners[8] = {0, 0, 8, 0, 8, 8, 0, 8};
  CHECK(!Rectify(source.View(), corners, target.Target(), 0));
  CHECK(!Rectify(source.View(), corners, target.Target(), kMostSubsamples + 1));
  corners[3] = std::numeric_limits<double>::quiet_NaN();
  CHECK(!Rectify(source.View(), corners, target.Target(), 1));
  corners[3] = std::numeric_limits<double>::infinity();
  CHECK(!Rectify(source.View(), corners, target.Target(), 1));
}

void SharpnessIsNothingForAFlatPictureAndMoreForACrisperOne() {
  CHECK(Sharpness(Picture(3, 3, 80).View()) == 0);
  CHECK(Sharpness(Picture(2, 9).View()) < 0);
  CHECK(Sharpness(Picture(9, 2).View()) < 0);
  Picture crisp(40, 40, 0), blurred(40, 40, 0);
  for (int i = 0; i < 1600; i++) {
    crisp.pixels[i] = i % 40 < 20 ? 0 : 200;
    blurred.pixels[i] = static_cast<uint8_t>(i % 40 * 5);
  }
  CHECK(Sharpness(crisp.View()) > Sharpness(blurred.View()));
  for (int round = 0; round < 200; round++) CHECK(Sharpness(Picture(Between(3, 70), Between(3, 70)).View()) >= 0);
}

void ChangedBlocksCountsTheBlocksThatChanged() {
  Picture before(40, 20, 100), after(40, 20, 100);
  CHECK(ChangedBlocks(before.View(), after.View(), 0) == 0);
  // The small block in the lower right corner, 8 x 4, of 3 x 2 blocks.
  for (int y = 16; y < 20; y++) {
    for (int x = 32; x < 40; x++) after.pixels[y * 40 + x] = 111;
  }
  CHECK(std::abs(ChangedBlocks(before.View(), after.View(), 10) - 1.0 / 6) < 1e-12);
  CHECK(ChangedBlocks(before.View(), after.View(), 11) == 0);
  CHECK(ChangedBlocks(before.View(), Picture(20, 40).View(), 5) < 0);
  CHECK(ChangedBlocks(before.View(), after.View(), std::nan("")) < 0);
  for (int round = 0; round < 200; round++) {
    const int width = Between(1, 70), height = Between(1, 70);
    const double fraction = ChangedBlocks(Picture(width, height).View(), Picture(width, height).View(), 3);
    CHECK(fraction >= 0 && fraction <= 1);
  }
}

void CountLevelsCountsWhatItLooksAtAndNothingElse() {
  uint32_t counts[kLevels];
  for (int round = 0; round < 300; round++) {
    const Picture source(Between(1, 60), Between(1, 60));
    const int left = Between(0, source.width - 1), top = Between(0, source.height - 1);
    const Part part = {left, top, Between(1, source.width - left), Between(1, source.height - top)};
    const int step = Between(1, 70);
    CHECK(CountLevels(source.View(), part, step, counts));
    uint32_t sum = 0;
    for (const uint32_t count : counts) sum += count;
    CHECK(sum == static_cast<uint32_t>((part.widthPx + step - 1) / step * ((part.heightPx + step - 1) / step)));
  }
  const Picture source(9, 7);
  counts[0] = 77;
  CHECK(!CountLevels(source.View(), {1, 0, 9, 7}, 1, counts));
  CHECK(!CountLevels(source.View(), {0, -1, 9, 7}, 1, counts));
  CHECK(!CountLevels(source.View(), {0, 0, 9, 8}, 1, counts));
  CHECK(!CountLevels(source.View(), {0, 0, 0, 7}, 1, counts));
  CHECK(!CountLevels(source.View(), {0, 0, 9, 7}, 0, counts));
  CHECK(!CountLevels(source.View(), {std::numeric_limits<int>::max(), 0, 9, 7}, 1, counts));
  CHECK(counts[0] == 77);
}

void CountSlopesCountsEveryPixelWithinThePartsBorder() {
  uint32_t counts[2 * kLevels];
  for (int round = 0; round < 300; round++) {
    const Picture source(Between(3, 60), Between(3, 60));
    const int left = Between(0, source.width - 3), top = Between(0, source.height - 3);
    const Part part = {left, top, Between(3, source.width - left), Between(3, source.height - top)};
    CHECK(CountSlopes(source.View(), part, counts));
    uint32_t along = 0, down = 0;
    for (int i = 0; i < kLevels; i++) along += counts[i], down += counts[kLevels + i];
    const auto inner = static_cast<uint32_t>((part.widthPx - 2) * (part.heightPx - 2));
    CHECK(along == inner && down == inner);
  }
  const Picture source(9, 7);
  counts[0] = 77;
  CHECK(!CountSlopes(source.View(), {0, 0, 2, 7}, counts));
  CHECK(!CountSlopes(source.View(), {0, 0, 9, 2}, counts));
  CHECK(!CountSlopes(source.View(), {0, 5, 9, 3}, counts));
  CHECK(counts[0] == 77);
}

}  // namespace

int main() {
  LetterboxKeepsAFlatPictureFlatAndPadsTheRest();
  LetterboxDoesNotOverflowWhereAWholePictureBecomesOnePixel();
  LetterboxRefusesSizesThatDoNotFit();
  RectifyStaysInsideThePictureWhereverTheCornersAre();
  RectifyOfThePictureItselfIsACopy();
  RectifyRefusesWhatIsNoQuad();
  SharpnessIsNothingForAFlatPictureAndMoreForACrisperOne();
  ChangedBlocksCountsTheBlocksThatChanged();
  CountLevelsCountsWhatItLooksAtAndNothingElse();
  CountSlopesCountsEveryPixelWithinThePartsBorder();
  std::puts("core: all passed");
}
