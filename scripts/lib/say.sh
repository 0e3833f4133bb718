# shellcheck shell=bash
# How the scripts speak: one line per step with its time, long output in a log file that is
# shown only when something fails. Sourced, never run.

# Seconds as people read them.
spell_seconds() {
  local total=$1
  if ((total < 60)); then printf '%d s' "$total"; else printf '%d min %02d s' $((total / 60)) $((total % 60)); fi
}

say() { printf '%s\n' "$*"; }

# fail MESSAGE [HINT...]: what is wrong, then what to do, one line each.
fail() {
  printf '\n%s: %s\n' "${SCRIPT_NAME:-set-up}" "$1" >&2
  shift
  local hint
  for hint in "$@"; do printf '  %s\n' "$hint" >&2; done
  exit 1
}

# Counts the seconds of a step: in place on a terminal, elsewhere (CI) a line every half minute.
# Runs beside the step and ends with it, or within a second of the script.
tick() {
  local label=$1 began=$SECONDS script=$$
  while sleep 1 && kill -0 "$script" 2>/dev/null; do
    if [[ -t 1 ]]; then
      printf '\r  %s ... %s ' "$label" "$(spell_seconds $((SECONDS - began)))"
    elif (((SECONDS - began) % 30 == 0)); then
      say "    still going, $(spell_seconds $((SECONDS - began)))"
    fi
  done
}

# run_step LABEL HINT COMMAND...: runs the command with its output in $SETUP_LOG. The command is in
# the foreground, so that Ctrl-C reaches it and sudo finds its terminal.
run_step() {
  local label=$1 hint=$2 began=$SECONDS status=0 ticker
  shift 2
  printf '\n=== %s: %s\n' "$label" "$*" >>"$SETUP_LOG"
  say "  $label ..."
  tick "$label" </dev/null 9>&- &
  ticker=$!
  "$@" >>"$SETUP_LOG" 2>&1 </dev/null 9>&- || status=$?
  kill "$ticker" 2>/dev/null || true
  wait "$ticker" 2>/dev/null || true
  [[ -t 1 ]] && printf '\r\033[K'
  if ((status != 0)); then
    printf '\n--- the last lines of %s ---\n' "$SETUP_LOG" >&2
    tail -n 40 "$SETUP_LOG" >&2
    fail "$label: failed (exit $status)" "$hint" "The whole output is in $SETUP_LOG. Run the command again to go on from here."
  fi
  say "  $label: done in $(spell_seconds $((SECONDS - began)))"
}

# as_root COMMAND...: the only way in which these scripts ask for root.
as_root() {
  if ((EUID == 0)); then
    "$@"
  elif ! command -v sudo >/dev/null; then
    return 126
  elif [[ -t 0 ]]; then
    sudo "$@"
  else
    sudo -n "$@"
  fi
}
