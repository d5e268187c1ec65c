#!/usr/bin/env bash
# Packs a folder on two ranks, killed twice at random moments and taken up again, and compares the result with an
# undisturbed packing, byte for byte.
#
#   Tests/Scripts/packing_kills.sh FOLDER [PACK_OPTION …]
set -euo pipefail
# shellcheck source=Launch/ranks.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/../../Launch/ranks.sh"
find_restok
images="$(realpath -- "$1")"
shift
work="$(mktemp -d)"
trap 'rm -rf -- "$work"' EXIT
pack() {
  mpirun --oversubscribe -n 2 "$RESTOK" data pack "$images" "$@"
}
SECONDS=0
pack "$work/whole" "$@"
seconds=$SECONDS
echo "undisturbed: $seconds s"
for round in 1 2; do
  pack "$work/killed" "$@" >/dev/null 2>"$work/words" &
  pid=$!
  sleep "$(awk -v s="$seconds" -v r="$RANDOM" 'BEGIN { print s * (0.1 + 0.4 * r / 32768) }')"
  pkill -KILL -f "data pack $images $work/killed" || true
  wait "$pid" || true
  count="$(find "$work/.killed.packing/records" -name '*.json' | wc -l)"
  echo "kill $round: $count shards are finished"
done
pack "$work/killed" "$@"
diff -r "$work/whole" "$work/killed"
echo "equal, byte for byte"
