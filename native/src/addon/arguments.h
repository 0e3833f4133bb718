// Reads the arguments of a call. Every reader throws a JavaScript error that says what was
// expected and returns nothing; the operation then returns without touching a byte.
#pragma once

#include <napi.h>

#include <optional>

#include "core/picture.h"

namespace anprd {

// Three arguments from `at`: Uint8Array, width, height. Its length must be width * height.
std::optional<GreyTarget> PictureArgument(const Napi::CallbackInfo& info, size_t at, const char* name);
std::optional<GreyView> ViewArgument(const Napi::CallbackInfo& info, size_t at, const char* name);

std::optional<int> IntegerArgument(const Napi::CallbackInfo& info, size_t at, const char* name, int least, int most);
std::optional<double> NumberArgument(const Napi::CallbackInfo& info, size_t at, const char* name);

Napi::Value Refuse(const Napi::CallbackInfo& info, const char* message);

Napi::Value LetterboxCall(const Napi::CallbackInfo& info);
Napi::Value RectifyCall(const Napi::CallbackInfo& info);
Napi::Value SharpnessCall(const Napi::CallbackInfo& info);
Napi::Value ChangedBlocksCall(const Napi::CallbackInfo& info);
Napi::Value CountLevelsCall(const Napi::CallbackInfo& info);
Napi::Value CountSlopesCall(const Napi::CallbackInfo& info);
Napi::Value ClockStateCall(const Napi::CallbackInfo& info);
Napi::Value ForbidCoreDumpsCall(const Napi::CallbackInfo& info);
Napi::Value NotifyServiceManagerCall(const Napi::CallbackInfo& info);

}  // namespace anprd
