# shellcheck shell=bash
# The machine and its Debian packages: what is needed, why, and only what is missing. Sourced.

check_platform() {
  local machine bits packages=''
  [[ $(uname -s) == Linux ]] || fail "this is $(uname -s); anprd runs on Linux" 'Use Debian 12 or Raspberry Pi OS bookworm (64 bit).'
  machine=$(uname -m)
  bits=$(getconf LONG_BIT)
  command -v dpkg >/dev/null && packages=$(dpkg --print-architecture)
  case "$machine/$packages" in
    x86_64/amd64 | x86_64/ | aarch64/arm64 | aarch64/) [[ $bits == 64 ]] && return ;;
  esac
  if [[ $packages == armhf || $packages == armel || $machine == armv* ]]; then
    fail 'this is a 32-bit Raspberry Pi OS: there is no ONNX Runtime for it, so plates cannot be read' \
      'Install the 64-bit Raspberry Pi OS (bookworm): a Pi 3, 4, 5 or Zero 2 runs it.'
  fi
  fail "this is a $machine machine ($bits bit${packages:+, packages for $packages}); anprd runs on x86-64 and 64-bit ARM" \
    'Use a 64-bit Debian 12 or Raspberry Pi OS bookworm.'
}

package_is_installed() { [[ $(dpkg-query --show --showformat='${db:Status-Abbrev}' "$1" 2>/dev/null) == ii* ]]; }

# install_packages NAME|WHY...: says which are missing and why, and installs them as root.
install_packages() {
  local entry missing=()
  if ! command -v dpkg-query >/dev/null; then
    fail 'this is not a Debian system (no dpkg), so its packages cannot be looked up' 'Use Debian 12 or Raspberry Pi OS bookworm.'
  fi
  for entry in "$@"; do package_is_installed "${entry%%|*}" || missing+=("$entry"); done
  ((${#missing[@]})) || return 0

  say '  Debian packages that are missing, to be installed as root:'
  for entry in "${missing[@]}"; do printf '    %-16s %s\n' "${entry%%|*}" "${entry#*|}"; done
  local names=("${missing[@]%%|*}")
  if ((EUID != 0)) && ! command -v sudo >/dev/null; then
    fail 'Debian packages are missing, and there is neither root nor sudo to install them with' \
      "As root: apt-get update && apt-get install --no-install-recommends ${names[*]}" 'Then run this again.'
  fi
  # The password is asked for here, not behind the log.
  if ((EUID != 0)) && ! as_root true; then
    fail 'Debian packages are missing, and sudo did not let us become root' \
      "As root: apt-get update && apt-get install --no-install-recommends ${names[*]}" 'Then run this again.'
  fi
  run_step 'Debian packages' 'Check the network and /etc/apt/sources.list, or install them by hand.' \
    as_root bash "$ROOT/scripts/lib/install-packages.sh" "${names[@]}"
}

# install_or_go_without WHAT NAME|WHY...: the same where it can be done; otherwise says what is then left out.
install_or_go_without() {
  local what=$1
  shift
  # In a shell of its own: what fails there ends that one only.
  (install_packages "$@") || say "  going on without them: $what"
}
