# shellcheck shell=bash
# The set-up behind scripts/demo, scripts/test and scripts/bench: everything between a fresh clone
# and a built anprd. Sourced; needs ROOT (the checkout). Each step looks first whether it is needed
# and leaves a stamp when it succeeded, so running again costs a fraction of a second.

LIB=$ROOT/scripts/lib
# shellcheck source=scripts/lib/say.sh
source "$LIB/say.sh"
# shellcheck source=scripts/lib/debian.sh
source "$LIB/debian.sh"
# shellcheck source=scripts/lib/node.sh
source "$LIB/node.sh"

# Package, and why it is needed.
PACKAGES=(
  'build-essential|compiles the addons (C++ compiler, make)'
  'python3|node-gyp, which drives those compilations, is written in it'
  'ca-certificates|HTTPS to the npm registry'
  'libopencv-dev|cameras, streams, files and JPEG (about 1 GB with what it depends on)'
  'gstreamer1.0-plugins-base|GStreamer pipelines, the way to CSI cameras'
  'mosquitto|the MQTT broker of the demo and the tests'
)
# What the tests of models/training need, except for the networks', which need python3-torch as well.
# shellcheck disable=SC2034 # scripts/test installs them
TRAINING_PACKAGES=(
  'python3-opencv|the tests of the plate generator (models/training)'
  'python3-numpy|the same'
  'python3-pil|the same'
  'fonts-dejavu-core|the same: one of the faces that plates are drawn in'
)
# What the tests of a broker cluster and scripts/fleet --broker rabbitmq need; they run nodes of their own.
# shellcheck disable=SC2034 # scripts/test and scripts/fleet install them
CLUSTER_PACKAGES=(
  'rabbitmq-server|a cluster of brokers, as a whole fleet has it'
)
# What the tests and the simulated patrol hear positions through: a pseudo terminal with a made-up receiver behind it.
# shellcheck disable=SC2034 # scripts/test and scripts/soak install them
RECEIVER_PACKAGES=(
  'socat|holds the pseudo terminal that a made-up receiver of positions speaks on'
)
NPM_PACKAGE='npm|fetches Node 20 into the checkout, because there is none here (the system keeps its own)'

SETUP_LOG=$ROOT/.run/setup.log

# The OpenCV binding would otherwise look for an OpenCV that it compiled itself.
export OPENCV4NODEJS_DISABLE_AUTOBUILD=1
# ONNX Runtime would report to its maker: src/plates/session.ts forbids it, this also to what is compared with us.
export ORT_DISABLE_TELEMETRY=1

# fingerprint TEXT PATH...: one line that changes when a file below the paths, its name, or the
# text changes.
fingerprint() {
  local text=$1
  shift
  { printf '%s\n' "$text" && find "$@" -type f -print0 | sort -z | xargs -0r sha256sum; } | sha256sum | cut -d' ' -f1
}

stamp_says() { [[ -r $1 && $(<"$1") == "$2" ]]; }

# A compiler of OpenCV's headers takes up to 1 GB: as many at once as cores and memory allow.
compile_jobs() {
  local cores gigabytes
  cores=$(nproc)
  gigabytes=$(awk '/^MemTotal/ { printf "%d", $2 / 1048576 }' /proc/meminfo)
  ((gigabytes >= 1)) || gigabytes=1
  echo $((cores < gigabytes ? cores : gigabytes))
}

install_modules() {
  local stamp=$ROOT/node_modules/.anprd-stamp want
  # Compiled modules fit one version of Node's binary interface.
  want=$(fingerprint "$(node --print '[process.arch, process.versions.modules].join(" ")')" package.json package-lock.json .npmrc)
  stamp_says "$stamp" "$want" && return
  # The database would otherwise ask GitHub for a binary; the npm registry is all that is needed.
  JOBS=$(compile_jobs) npm_config_build_from_source=better-sqlite3-multiple-ciphers \
    run_step 'npm packages (compiles the OpenCV binding: 3 min on a PC, up to 25 on a Pi)' \
    'A download that failed is a matter of the network; a compiler that was killed, of memory (2 GB with swap is enough).' \
    npm ci --foreground-scripts --no-audit --no-fund
  printf '%s\n' "$want" >"$stamp"
}

build_addon() {
  local stamp=$ROOT/native/build/.anprd-stamp want
  want=$(cd "$ROOT/native" && fingerprint "$(<"$ROOT/node_modules/.anprd-stamp")" binding.gyp src)
  stamp_says "$stamp" "$want" && return
  JOBS=$(compile_jobs) run_step 'the addon' 'The compiler says what it could not understand in native/.' \
    "$ROOT/node_modules/.bin/node-gyp" rebuild --directory=native
  printf '%s\n' "$want" >"$stamp"
}

# Folders are listed too: one that lost a file is newer than the stamp.
typescript_is_built() {
  local stamp=$ROOT/dist/.anprd-stamp
  [[ -e $stamp ]] && [[ -z $(find src scripts/src test tsconfig.json vitest.config.ts node_modules/.anprd-stamp -newer "$stamp" -print -quit) ]]
}

build_typescript() {
  typescript_is_built && return
  mkdir -p "$ROOT/dist"
  : >"$ROOT/dist/.anprd-stamp.new"
  run_step 'TypeScript' 'The compiler names the file and line above.' "$ROOT/node_modules/.bin/tsc" --project tsconfig.json
  mv "$ROOT/dist/.anprd-stamp.new" "$ROOT/dist/.anprd-stamp"
}

# Everything but the TypeScript, whose compiler is itself a check that scripts/test reports.
set_up_tools() {
  cd "$ROOT" || exit
  check_platform
  if [[ $ROOT == *[[:space:]]* ]]; then
    fail "the checkout's path has a space in it ($ROOT), and make, which compiles the addons, cannot work there" \
      'Move it to a path without spaces.'
  fi
  mkdir -p .run
  # Two of these scripts at once would install into one another.
  exec 9>.run/setup.lock
  flock --nonblock 9 || { say '  waiting for another set-up of this checkout'; flock 9; }
  : >"$SETUP_LOG"
  local packages=("${PACKAGES[@]}")
  if needs_debian_npm; then packages+=("$NPM_PACKAGE"); fi
  install_packages "${packages[@]}"
  find_node
  install_modules
  build_addon
}

# Lets other scripts of this checkout go on, now that what they share is built.
end_set_up() { exec 9>&-; }

set_up() {
  local began=$SECONDS
  say 'set-up'
  set_up_tools
  build_typescript
  end_set_up
  say "  ready in $(spell_seconds $((SECONDS - began)))"
}
