#include "core/sharpness.h"

#include "addon/arguments.h"

namespace anprd {

// sharpness(source, width, height) -> number
Napi::Value SharpnessCall(const Napi::CallbackInfo& info) {
  const auto source = ViewArgument(info, 0, "source");
  if (!source) return info.Env().Undefined();
  const double variance = Sharpness(*source);
  if (variance < 0) return Refuse(info, "sharpness: expected a picture of at least 3 x 3");
  return Napi::Number::New(info.Env(), variance);
}

}  // namespace anprd
