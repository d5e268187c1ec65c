# shellcheck shell=bash
# Sourced by the scripts that lead from a fresh clone to pictures: their steps, each of which may be stopped.
#
# Sets `ranks`, those that a step runs on.

# shellcheck source=Launch/ranks.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/ranks.sh"

ranks=2
if ((cores < 2)); then ranks=1; fi

step() { printf '\n== %s\n' "$*"; }

# on_ranks N ARGUMENTS…: restok on N ranks; a run that was asked to stop says how to go on.
on_ranks() {
  local status=0
  run_local "$@" || status=$?
  if ((status == 75)); then
    say "Saved. Start Launch/$(basename -- "$0") again to go on from here."
  fi
  if ((status != 0)); then exit "$status"; fi
}

# is_newer FILE FOLDER: whether the file was written after everything in the folder.
is_newer() {
  [[ -e "$1" && -d "$2" && -z "$(find "$2" -newer "$1" -print -quit)" ]]
}
