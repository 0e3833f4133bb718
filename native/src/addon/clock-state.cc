#include <sys/timex.h>

#include <cerrno>

#include "addon/arguments.h"

namespace anprd {

// clockState() -> {state, status, offset, maxError} as adjtimex(2) gives them without setting
// anything, or the error number where the kernel does not let this process ask.
Napi::Value ClockStateCall(const Napi::CallbackInfo& info) {
  timex clock = {};
  const int state = adjtimex(&clock);
  if (state < 0) return Napi::Number::New(info.Env(), errno);
  auto result = Napi::Object::New(info.Env());
  result.Set("state", static_cast<double>(state));
  result.Set("status", static_cast<double>(clock.status));
  result.Set("offset", static_cast<double>(clock.offset));
  result.Set("maxError", static_cast<double>(clock.maxerror));
  return result;
}

}  // namespace anprd
