#include "addon/arguments.h"

#include <cmath>
#include <string>

namespace anprd {

std::optional<GreyTarget> PictureArgument(const Napi::CallbackInfo& info, size_t at, const char* name) {
  const Napi::Value value = info[at];
  if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != napi_uint8_array) {
    Napi::TypeError::New(info.Env(), std::string(name) + ": expected a Uint8Array").ThrowAsJavaScriptException();
    return std::nullopt;
  }
  const auto width = IntegerArgument(info, at + 1, "width", 1, kMostSidePx);
  if (!width) return std::nullopt;
  const auto height = IntegerArgument(info, at + 2, "height", 1, kMostSidePx);
  if (!height) return std::nullopt;
  auto bytes = value.As<Napi::Uint8Array>();
  const size_t expected = static_cast<size_t>(*width) * static_cast<size_t>(*height);
  if (bytes.ElementLength() != expected) {
    Napi::RangeError::New(info.Env(), std::string(name) + ": expected " + std::to_string(expected) +
                                          " bytes, got " + std::to_string(bytes.ElementLength()))
        .ThrowAsJavaScriptException();
    return std::nullopt;
  }
  return GreyTarget{bytes.Data(), *width, *height};
}

std::optional<GreyView> ViewArgument(const Napi::CallbackInfo& info, size_t at, const char* name) {
  const auto picture = PictureArgument(info, at, name);
  if (!picture) return std::nullopt;
  return GreyView{picture->pixels, picture->widthPx, picture->heightPx};
}

std::optional<int> IntegerArgument(const Napi::CallbackInfo& info, size_t at, const char* name, int least, int most) {
  const auto value = NumberArgument(info, at, name);
  if (!value) return std::nullopt;
  if (!(*value >= least && *value <= most) || std::floor(*value) != *value) {
    Napi::RangeError::New(info.Env(), std::string(name) + ": expected a whole number of " +
                                          std::to_string(least) + " to " + std::to_string(most))
        .ThrowAsJavaScriptException();
    return std::nullopt;
  }
  return static_cast<int>(*value);
}

std::optional<double> NumberArgument(const Napi::CallbackInfo& info, size_t at, const char* name) {
  const Napi::Value value = info[at];
  if (!value.IsNumber()) {
    Napi::TypeError::New(info.Env(), std::string(name) + ": expected a number").ThrowAsJavaScriptException();
    return std::nullopt;
  }
  return value.As<Napi::Number>().DoubleValue();
}

Napi::Value Refuse(const Napi::CallbackInfo& info, const char* message) {
  Napi::RangeError::New(info.Env(), message).ThrowAsJavaScriptException();
  return info.Env().Undefined();
}

}  // namespace anprd
