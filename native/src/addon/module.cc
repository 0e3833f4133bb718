#include "addon/arguments.h"

namespace {

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  exports.Set("letterbox", Napi::Function::New(env, anprd::LetterboxCall, "letterbox"));
  exports.Set("rectify", Napi::Function::New(env, anprd::RectifyCall, "rectify"));
  exports.Set("sharpness", Napi::Function::New(env, anprd::SharpnessCall, "sharpness"));
  exports.Set("changedBlocks", Napi::Function::New(env, anprd::ChangedBlocksCall, "changedBlocks"));
  exports.Set("countLevels", Napi::Function::New(env, anprd::CountLevelsCall, "countLevels"));
  exports.Set("countSlopes", Napi::Function::New(env, anprd::CountSlopesCall, "countSlopes"));
  exports.Set("forbidCoreDumps", Napi::Function::New(env, anprd::ForbidCoreDumpsCall, "forbidCoreDumps"));
  exports.Set("notifyServiceManager",
              Napi::Function::New(env, anprd::NotifyServiceManagerCall, "notifyServiceManager"));
  exports.Set("clockState", Napi::Function::New(env, anprd::ClockStateCall, "clockState"));
  return exports;
}

}  // namespace

NODE_API_MODULE(anprd_native, Init)
