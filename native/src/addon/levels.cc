#include "core/levels.h"

#include <string>

#include "addon/arguments.h"

namespace anprd {
namespace {

std::optional<Part> PartArgument(const Napi::CallbackInfo& info, size_t at, const GreyView& source) {
  const auto left = IntegerArgument(info, at, "left", 0, source.widthPx - 1);
  if (!left) return std::nullopt;
  const auto top = IntegerArgument(info, at + 1, "top", 0, source.heightPx - 1);
  if (!top) return std::nullopt;
  const auto width = IntegerArgument(info, at + 2, "part's width", 1, source.widthPx - *left);
  if (!width) return std::nullopt;
  const auto height = IntegerArgument(info, at + 3, "part's height", 1, source.heightPx - *top);
  if (!height) return std::nullopt;
  return Part{*left, *top, *width, *height};
}

uint32_t* CountsArgument(const Napi::CallbackInfo& info, size_t at, size_t length) {
  const Napi::Value value = info[at];
  if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != napi_uint32_array) {
    Napi::TypeError::New(info.Env(), "counts: expected a Uint32Array").ThrowAsJavaScriptException();
    return nullptr;
  }
  auto counts = value.As<Napi::Uint32Array>();
  if (counts.ElementLength() != length) {
    Napi::RangeError::New(info.Env(), "counts: expected a length of " + std::to_string(length))
        .ThrowAsJavaScriptException();
    return nullptr;
  }
  return counts.Data();
}

}  // namespace

// countLevels(source, width, height, left, top, partWidth, partHeight, step, counts)
Napi::Value CountLevelsCall(const Napi::CallbackInfo& info) {
  const Napi::Value nothing = info.Env().Undefined();
  const auto source = ViewArgument(info, 0, "source");
  if (!source) return nothing;
  const auto part = PartArgument(info, 3, *source);
  if (!part) return nothing;
  const auto step = IntegerArgument(info, 7, "step", 1, kMostSidePx);
  if (!step) return nothing;
  uint32_t* counts = CountsArgument(info, 8, kLevels);
  if (counts == nullptr) return nothing;
  if (!CountLevels(*source, *part, *step, counts)) return Refuse(info, "countLevels: sizes out of range");
  return nothing;
}

// countSlopes(source, width, height, left, top, partWidth, partHeight, counts)
Napi::Value CountSlopesCall(const Napi::CallbackInfo& info) {
  const Napi::Value nothing = info.Env().Undefined();
  const auto source = ViewArgument(info, 0, "source");
  if (!source) return nothing;
  const auto part = PartArgument(info, 3, *source);
  if (!part) return nothing;
  uint32_t* counts = CountsArgument(info, 7, 2 * kLevels);
  if (counts == nullptr) return nothing;
  if (!CountSlopes(*source, *part, counts)) return Refuse(info, "countSlopes: expected a part of 3 x 3 or more");
  return nothing;
}

}  // namespace anprd
