#include "core/letterbox.h"

#include "addon/arguments.h"

namespace anprd {

// letterbox(source, width, height, target, targetWidth, targetHeight, scaledWidth, scaledHeight, pad)
Napi::Value LetterboxCall(const Napi::CallbackInfo& info) {
  const Napi::Value nothing = info.Env().Undefined();
  const auto source = ViewArgument(info, 0, "source");
  if (!source) return nothing;
  const auto target = PictureArgument(info, 3, "target");
  if (!target) return nothing;
  const auto scaledWidth = IntegerArgument(info, 6, "scaled width", 1, target->widthPx);
  if (!scaledWidth) return nothing;
  const auto scaledHeight = IntegerArgument(info, 7, "scaled height", 1, target->heightPx);
  if (!scaledHeight) return nothing;
  const auto pad = IntegerArgument(info, 8, "pad", 0, 255);
  if (!pad) return nothing;
  if (!Letterbox(*source, *target, *scaledWidth, *scaledHeight, static_cast<uint8_t>(*pad))) {
    return Refuse(info, "letterbox: sizes out of range");
  }
  return nothing;
}

}  // namespace anprd
