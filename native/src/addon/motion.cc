#include "core/motion.h"

#include "addon/arguments.h"

namespace anprd {

// changedBlocks(previous, width, height, current, width, height, threshold) -> number
Napi::Value ChangedBlocksCall(const Napi::CallbackInfo& info) {
  const Napi::Value nothing = info.Env().Undefined();
  const auto previous = ViewArgument(info, 0, "previous");
  if (!previous) return nothing;
  const auto current = ViewArgument(info, 3, "current");
  if (!current) return nothing;
  const auto threshold = NumberArgument(info, 6, "threshold");
  if (!threshold) return nothing;
  const double fraction = ChangedBlocks(*previous, *current, *threshold);
  if (fraction < 0) return Refuse(info, "changedBlocks: expected two pictures of one size and a threshold from 0");
  return Napi::Number::New(info.Env(), fraction);
}

}  // namespace anprd
