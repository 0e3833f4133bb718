#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <string>

#include "addon/arguments.h"

namespace anprd {

namespace {

// The service manager reads at once; this bounds how long one that hangs may hold up the caller.
constexpr timeval kSendWithin = {1, 0};

int Send(const std::string& address, const std::string& text) {
  sockaddr_un to = {};
  if (address.empty() || address.size() >= sizeof(to.sun_path)) return EINVAL;
  to.sun_family = AF_UNIX;
  memcpy(to.sun_path, address.data(), address.size());
  // systemd writes an abstract address with @ where the kernel wants a zero byte.
  if (address[0] == '@') to.sun_path[0] = '\0';
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address.size());

  const int socket_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (socket_fd < 0) return errno;
  setsockopt(socket_fd, SOL_SOCKET, SO_SNDTIMEO, &kSendWithin, sizeof(kSendWithin));
  const auto sent = sendto(socket_fd, text.data(), text.size(), MSG_NOSIGNAL,
                           reinterpret_cast<const sockaddr*>(&to), length);
  const int error = sent < 0 ? errno : 0;
  close(socket_fd);
  return error;
}

}  // namespace

// notifyServiceManager(address, text) -> 0, or the error number: one datagram, as sd_notify(3) sends it.
Napi::Value NotifyServiceManagerCall(const Napi::CallbackInfo& info) {
  if (!info[0].IsString() || !info[1].IsString()) {
    Napi::TypeError::New(info.Env(), "address, text: expected two strings").ThrowAsJavaScriptException();
    return info.Env().Undefined();
  }
  const auto address = info[0].As<Napi::String>().Utf8Value();
  const auto text = info[1].As<Napi::String>().Utf8Value();
  return Napi::Number::New(info.Env(), Send(address, text));
}

}  // namespace anprd
