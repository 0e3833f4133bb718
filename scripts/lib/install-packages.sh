#!/usr/bin/env bash
# install-packages.sh PACKAGE...: run as root by debian.sh, so that root does this and no more.
#
# Mosquitto's Debian package starts a broker on port 1883 and enables it at boot. The demo and the
# tests start brokers of their own, so a service that was not there before is neither started
# (policy-rc.d, Debian's own switch for that, put back at the end) nor left enabled.
set -euo pipefail

export DEBIAN_FRONTEND=noninteractive
readonly policy=/usr/sbin/policy-rc.d
wrote_policy=no

put_back() { [[ $wrote_policy == no ]] || rm -f "$policy"; }
trap put_back EXIT

if [[ ! -e $policy ]]; then
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod 755 "$policy"
  wrote_policy=yes
fi

install() { apt-get install -y --no-install-recommends "$@"; }

have_lists() { compgen -G '/var/lib/apt/lists/*Packages*' >/dev/null; }

if ! have_lists; then
  apt-get update
  install "$@"
elif ! install "$@"; then
  echo 'The package lists may be out of date: fetching them and trying once more.'
  apt-get update
  install "$@"
fi

disable_service() {
  # Works without a running systemd as well; without systemctl, the link is all there is to it.
  if command -v systemctl >/dev/null; then
    systemctl disable "$1.service"
  else
    rm -f "/etc/systemd/system/multi-user.target.wants/$1.service"
  fi
}

for package in "$@"; do
  if [[ $package == mosquitto ]]; then disable_service mosquitto; fi
done
