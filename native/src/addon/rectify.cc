#include "core/rectify.h"

#include "addon/arguments.h"

namespace anprd {

// rectify(source, width, height, corners: Float64Array(8), target, targetWidth, targetHeight, subsamples)
Napi::Value RectifyCall(const Napi::CallbackInfo& info) {
  const Napi::Value nothing = info.Env().Undefined();
  const auto source = ViewArgument(info, 0, "source");
  if (!source) return nothing;
  const Napi::Value corners = info[3];
  if (!corners.IsTypedArray() || corners.As<Napi::TypedArray>().TypedArrayType() != napi_float64_array ||
      corners.As<Napi::TypedArray>().ElementLength() != 8) {
    Napi::TypeError::New(info.Env(), "corners: expected a Float64Array of 8").ThrowAsJavaScriptException();
    return nothing;
  }
  const auto target = PictureArgument(info, 4, "target");
  if (!target) return nothing;
  const auto subsamples = IntegerArgument(info, 7, "subsamples", 1, kMostSubsamples);
  if (!subsamples) return nothing;
  if (!Rectify(*source, corners.As<Napi::Float64Array>().Data(), *target, *subsamples)) {
    return Refuse(info, "rectify: expected 8 finite corner coordinates");
  }
  return nothing;
}

}  // namespace anprd
