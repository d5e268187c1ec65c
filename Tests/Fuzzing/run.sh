#!/usr/bin/env bash
# Fuzzes the parsers of what comes from outside with libFuzzer and the address sanitizer.
#
#   Tests/Fuzzing/run.sh [SECONDS [TARGET…]]
#
# SECONDS for each target, 60 if left out; all targets if none is named (Tests/Fuzzing/Targets says
# which there are). An hour in all: `Tests/Fuzzing/run.sh 600`, two targets at a time. Every target
# begins with small sound files that the program makes, and with the findings of before in
# Tests/Fuzzing/Findings/TARGET. Ends with a line for each target, and with status 1 when an input ended
# the process, took more than 20 seconds or 1.5 GiB, or made it throw an error that the program does not know;
# such inputs stay in .build-fuzzing/findings/TARGET, from where they go to Tests/Fuzzing/Findings/TARGET
# once they are mended. FUZZ_JOBS says how many targets run side by side, 2 if left out.
set -euo pipefail
project="$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd -P)"
cd -- "$project"

seconds="${1:-60}"
shift || true
targets=("$@")
if ((${#targets[@]} == 0)); then
  targets=(dataset manifest yaml published safetensors weights pytorch npy npz shard codes checkpoint jpeg png webp tar list message)
fi
if ! [[ "$seconds" =~ ^[1-9][0-9]{0,5}$ ]]; then
  echo "run.sh: $seconds is no number of seconds" >&2
  exit 64
fi

scratch="$project/.build-fuzzing"
build=(-c release --scratch-path "$scratch" --product Fuzzer
  -Xswiftc -sanitize=fuzzer,address -Xcc -fsanitize=fuzzer-no-link,address)
export RESTOK_FUZZING=yes
swift build "${build[@]}" 2>&1 | grep -v "Cannot export local symbol" || [[ "${PIPESTATUS[0]}" == 0 ]]
fuzzer="$(swift build "${build[@]}" --show-bin-path 2>/dev/null)/Fuzzer"
[[ -x "$fuzzer" ]] || { echo "run.sh: the fuzzer was not built" >&2; exit 1; }

work="$(mktemp -d)"
trap 'rm -rf -- "$work"' EXIT
# Files of the parsers live in memory where there is room.
memory="$work"
if [[ -w /dev/shm ]]; then memory="$(mktemp -d /dev/shm/fuzzing.XXXXXX)"; fi
trap 'rm -rf -- "$work" "$memory"' EXIT
export SWIFT_BACKTRACE=enable=no
export ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1:abort_on_error=0:handle_abort=1

# only_late FINDINGS: whether all that was found lasted too long, and none of it does alone: libFuzzer
# measures the time of the clock, and on a busy machine a sound input can be late.
only_late() {
  local input
  for input in "$1"/timeout-*; do
    [[ -f "$input" ]] || return 1
    RESTOK_FUZZ_FOLDER="$folder-again" "$fuzzer" -timeout=20 "$input" >/dev/null 2>&1 || return 1
  done
  rm -f "$1"/timeout-* "$1"/slow-unit-*
}

# fuzz TARGET: one target, for its seconds; its last lines stand in a file of its own.
fuzz() {
  local target="$1" status=0
  local corpus="$scratch/corpus/$target" findings="$scratch/findings/$target"
  local seeds="$work/seeds-$target" folder="$memory/$target" known=()
  mkdir -p "$corpus" "$findings" "$seeds" "$folder" "$folder-seeds" "$folder-again"
  export RESTOK_FUZZ_TARGET="$target"
  RESTOK_FUZZ_FOLDER="$folder-seeds" RESTOK_FUZZ_SEEDS="$seeds" "$fuzzer" >"$work/$target.log" 2>&1 \
    || { echo "$target: its seeds cannot be made"; tail -n 5 "$work/$target.log"; return 1; }
  if [[ -d "Tests/Fuzzing/Findings/$target" ]]; then known=("Tests/Fuzzing/Findings/$target"); fi
  RESTOK_FUZZ_FOLDER="$folder" "$fuzzer" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=1536 \
    -malloc_limit_mb=1024 -max_len=65536 -print_final_stats=1 -artifact_prefix="$findings/" \
    "$corpus" "$seeds" "${known[@]}" >"$work/$target.log" 2>&1 || status=$?
  # "#N DONE cov: C ft: F …": executions and coverage.
  printf '%s: status %d, %s executions, coverage %s, %s s\n' "$target" "$status" \
    "$(sed -n 's/^stat::number_of_executed_units: *//p' "$work/$target.log" | tail -n 1)" \
    "$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$work/$target.log" | tail -n 1)" "$seconds"
  # 70 is libFuzzer's status for an input that lasted too long.
  if ((status == 70)) && only_late "$findings"; then
    echo "$target: an input was late on a busy machine, and is not alone"
    status=0
  fi
  if ((status != 0)); then
    grep -m 5 -E "ERROR|SUMMARY|Fatal|threw|artifact" "$work/$target.log" || tail -n 5 "$work/$target.log"
    cp "$work/$target.log" "$findings/last.log"
    return 1
  fi
}

failed=0
running=()
for target in "${targets[@]}"; do
  fuzz "$target" &
  running+=($!)
  if ((${#running[@]} >= ${FUZZ_JOBS:-2})); then
    wait "${running[0]}" || failed=$((failed + 1))
    running=("${running[@]:1}")
  fi
done
for process in "${running[@]}"; do wait "$process" || failed=$((failed + 1)); done
echo "${#targets[@]} targets, $failed with findings"
((failed == 0))
