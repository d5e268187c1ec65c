#!/usr/bin/env bash
# Runs any `restok` command on N ranks of this machine.
#
#   Launch/local.sh N ARGUMENTS…     e.g. Launch/local.sh 2 train tokenizer CONFIG.yaml
#
# Ranks times threads is the number of cores, and each rank is bound to cores of its own. More ranks
# than cores work too, slowly; the script says so, unless told `--oversubscribe` before N.
# Ctrl-C, SIGTERM and a closed terminal let the ranks save first. The exit status is restok's.
# RESTOK=PATH takes another program than the one that `swift build -c release` makes.
set -euo pipefail
# shellcheck source=Launch/ranks.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/ranks.sh"

if [[ "${1:-}" == --oversubscribe ]]; then
  OVERSUBSCRIBE=yes
  shift
fi
if [[ ! "${1:-}" =~ ^[1-9][0-9]{0,5}$ || $# -lt 2 ]]; then
  say "usage: Launch/local.sh [--oversubscribe] N ARGUMENTS…   (N ranks; arguments of restok)"
  exit 64
fi
find_restok
check_arguments "${@:2}"
run_local "$@"
