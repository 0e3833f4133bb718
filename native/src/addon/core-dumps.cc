#include <sys/resource.h>

#include <cerrno>

#include "addon/arguments.h"

namespace anprd {

// forbidCoreDumps() -> 0, or the error number: no core file of this process or of what it starts.
Napi::Value ForbidCoreDumpsCall(const Napi::CallbackInfo& info) {
  const rlimit none = {0, 0};
  return Napi::Number::New(info.Env(), setrlimit(RLIMIT_CORE, &none) == 0 ? 0 : errno);
}

}  // namespace anprd
