#!/usr/bin/env bash
# install-packages.sh PACKAGE...: run as root by debian.sh, so that root does this and no more.
#
# Mosquitto's Debian package starts a broker on port 1883 and enables it at boot, RabbitMQ's one on 5672.
# The demo and the tests start brokers of their own, so a service that was not there before is neither started
# (policy-rc.d, Debian's own switch for that, put back at the end) nor left enabled.
set -euo pipefail

export DEBIAN_FRONTEND=noninteractive
readonly policy=/usr/sbin/policy-rc.d
wrote_policy=no
had_erlang=no
[[ $(dpkg-query --show --showformat='${db:Status-Abbrev}' erlang-base 2>/dev/null) != ii* ]] || had_erlang=yes

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

disable_unit() {
  # Works without a running systemd as well; without systemctl, the link is all there is to it.
  if command -v systemctl >/dev/null; then
    systemctl disable "$1"
  else
    rm -f "/etc/systemd/system/"*".wants/$1"
  fi
}

for package in "$@"; do
  case $package in
    mosquitto) disable_unit mosquitto.service ;;
    rabbitmq-server)
      disable_unit rabbitmq-server.service
      # Erlang's port mapper came with it, unless something else here uses it.
      [[ $had_erlang == yes ]] || for unit in epmd.service epmd.socket; do disable_unit "$unit"; done
      ;;
  esac
done
