#include <sys/prctl.h>
#include <sys/resource.h>

#include <cerrno>

#include "addon/arguments.h"

namespace anprd {

// forbidCoreDumps() -> 0, or the error number. The limit holds for what this process starts, too; a
// handler that dumps are piped to may overlook it, so the kernel is told as well not to make one. That
// second word is about this process alone, and keeps others of its user from reading its memory.
Napi::Value ForbidCoreDumpsCall(const Napi::CallbackInfo& info) {
  const rlimit none = {0, 0};
  const bool is_forbidden = setrlimit(RLIMIT_CORE, &none) == 0 && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0;
  return Napi::Number::New(info.Env(), is_forbidden ? 0 : errno);
}

}  // namespace anprd
