# shellcheck shell=bash
# shellcheck disable=SC2154
# Sourced by Launch/test.sh, whose `check`, `bits_run`, `same_digest` and `work` it uses.
#
# What goes wrong outside the program, end to end: killed ranks, damaged checkpoints and data, a full
# disk, wrong configurations. Every check asserts the exit status and what the message says.

# expect STATUS WORDS… -- COMMAND…: the command ends with the status and says all of the words.
expect() {
  local expected="$1" words=() word output status=0
  shift
  while [[ "$1" != -- ]]; do
    words+=("$1")
    shift
  done
  shift
  output="$("$@" 2>&1)" || status=$?
  for word in "${words[@]}"; do
    if ! grep -qF -- "$word" <<<"$output"; then
      printf 'not said: %s\n' "$word"
      status="$status without these words"
    fi
  done
  if [[ "$status" != "$expected" ]]; then
    printf '%s\nended with status %s, expected %s\n' "$output" "$status" "$expected"
    return 1
  fi
  # The line that says most is shown.
  grep -m 1 -F -- "${words[0]:-}" <<<"$output"
  echo "status $status, as expected"
}

# wait_for PROCESS CONDITION…: until the condition holds; fails when the process ends before.
wait_for() {
  local process="$1"
  shift
  while kill -0 "$process" 2>/dev/null; do
    if "$@"; then return; fi
    sleep 0.01
  done
  echo "the run ended before: $*"
  return 1
}

# flip_byte FILE OFFSET: inverts all bits of one byte.
flip_byte() {
  local byte
  byte="$(od -An -tu1 -j "$2" -N 1 "$1")"
  # shellcheck disable=SC2059
  printf "\\x$(printf %02x $((byte ^ 255)))" \
    | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

# MARK: Checkpoints

# copy_run NAME STEP…: a run that has these checkpoints of the uninterrupted one, and nothing else.
copy_run() {
  local checkpoints="$work/bits/$1/checkpoints" step
  shift
  mkdir -p "$checkpoints"
  for step in "$@"; do cp -r "$whole/checkpoints/step-0000000$step" "$checkpoints"; done
}

resume_from_damaged() {
  copy_run damaged 10
  local checkpoint="$work/bits/damaged/checkpoints/step-000000010"
  flip_byte "$checkpoint/tokenizer.ema.h5" 500000
  expect 73 "'$checkpoint' is damaged: tokenizer.ema.h5 has digest" "Use an older checkpoint" \
    -- bits_run tokenizer path-damaged 2 --resume "$checkpoint"
}

resume_over_damaged() {
  copy_run fallback 10 20
  local newest="$work/bits/fallback/checkpoints/step-000000020"
  flip_byte "$newest/tokenizer.model.h5" 500000
  expect 0 "$newest is damaged and passed over: tokenizer.model.h5 has digest" "going on after step 10" \
    -- bits_run tokenizer fallback 2 --resume auto
}

checkpoint_failures() {
  local step="$whole/checkpoints/step-000000010"
  check "Resume: a checkpoint's path" expect 0 "going on after step 10, from $step" \
    -- bits_run tokenizer path 1 --resume "$step"
  check "Resume: a damaged checkpoint's path" resume_from_damaged
  check "Resume: a path that is no checkpoint" expect 73 \
    "'$work/data' has no readable manifest.json" "Choose a directory checkpoints/step-" \
    -- bits_run tokenizer path-none 2 --resume "$work/data"
  check "Resume: auto, over a damaged newest one" resume_over_damaged
  check "Resume: one digest" same_digest tokenizer tokenizer-2 path fallback
}

# MARK: Killed ranks

# make_killable: the program as $work/killable, which notes the process that becomes a rank, so that only these
# are killed.
make_killable() {
  : >"$work/pids"
  printf '#!/bin/sh\necho $$ >>"%s"\nexec "%s" "$@"\n' "$work/pids" "$RESTOK" >"$work/killable"
  chmod +x "$work/killable"
}

# signal_ranks SIGNAL: to all ranks that were started by way of `killable`.
signal_ranks() { xargs -r kill "-$1" <"$work/pids" 2>/dev/null; }

is_there() { compgen -G "$1" >/dev/null; }

has_steps() { [[ -s "$1" ]] && (($(grep -c '"kind":"train"' "$1") >= $2)); }

# is_caught PATTERN: the ranks stand still while a file of that name is there.
is_caught() {
  is_there "$1" || return
  signal_ranks STOP
  if is_there "$1"; then return; fi
  signal_ranks CONT
  return 1
}

# kill_when CONDITION…: SIGKILL to all ranks as soon as the condition holds; then nothing under a
# final name is unfinished. A save is short: on a busy machine the moment may be missed, and the run
# ends; then another one is started from the beginning.
kill_when() {
  local run="$work/bits/killed" status try
  for try in 1 2 3 4 5 6 7 8; do
    status=0
    kill_once "$@" || status=$?
    echo "killed with status $status; there is: $(cd "$run" && echo checkpoints/*)"
    if ((status != 0)); then break; fi
    echo "missed in try $try"
    rm -rf "$run"
  done
  ((status == 137)) || return 1
  if is_there "$run/checkpoints/step-*"; then "$RESTOK" checkpoint verify "$run"; fi
}

# kill_once CONDITION…: one run to be killed; returns its status, 0 if it ended before. What the one
# before was writing goes first, so that the condition is of this run.
kill_once() {
  local pid
  : >"$work/pids"
  rm -rf "$work"/bits/killed/checkpoints/tmp-*
  RESTOK="$work/killable" bits_run tokenizer killed 2 checkpoint.every=4 \
    >>"$work/killed.log" 2>&1 &
  pid=$!
  wait_for "$pid" "$@" || true
  signal_ranks KILL
  wait "$pid"
}

# leaves_nothing RUN: no temporary file or directory in a run, however it went before.
leaves_nothing() {
  local left
  left="$(find "$1" -name '*tmp-*')"
  if [[ -n "$left" ]]; then
    echo "left behind: $left"
    return 1
  fi
}

killed_ranks() {
  local run="$work/bits/killed"
  local checkpoints="$run/checkpoints"
  make_killable
  check "Killed: after the second step" kill_when has_steps "$run/metrics.jsonl" 2
  check "Killed: in the first save" kill_when is_caught "$checkpoints/tmp-step-000000004-*"
  check "Killed: in a save, when files are complete" \
    kill_when is_caught "$checkpoints/tmp-step-000000004-*/tokenizer.second_moments.h5"
  check "Killed: right after a save" kill_when is_there "$checkpoints/step-000000004"
  check "Killed: in a later save" kill_when is_caught "$checkpoints/tmp-step-000000012-*/tokenizer.ema.h5"
  check "Killed: goes on to the end" expect 0 "going on after step" \
    -- bits_run tokenizer killed 2 checkpoint.every=4
  check "Killed: one digest" same_digest tokenizer tokenizer-2 killed
  check "Killed: nothing is left behind" leaves_nothing "$run"
}

# MARK: One run at a time

# second_run: refused while the first is alive, which goes on unharmed.
second_run() {
  local run="$work/bits/alive" pid status=0 refusal=0 holder
  bits_run tokenizer alive 2 steps=100000 >"$work/alive.log" 2>&1 &
  pid=$!
  wait_for "$pid" has_steps "$run/metrics.jsonl" 2
  holder="$(cat "$run/run.lock")"
  expect 64 "'$run' is in use by $holder" "Wait for that run or stop it" \
    -- bits_run tokenizer alive 1 steps=100000 || refusal=$?
  kill -TERM "$pid"
  wait "$pid" || status=$?
  echo "the first run ended with status $status after SIGTERM"
  ((refusal == 0 && status == 75)) && "$RESTOK" checkpoint verify "$run"
}

# MARK: A full disk

# full_disk: room for less than two checkpoints; the first one stays, and with more room the run ends
# as it should. A subshell, so that the disk is gone in any case.
full_disk() (
  local disk="$work/bits/disk"
  mkdir -p "$disk"
  mount -t tmpfs -o size=6m tmpfs "$disk" || exit
  trap 'umount "$disk"' EXIT
  copy_run disk/full 10
  expect 73 "the checkpoint could not be saved" "older checkpoints are as they were" \
    "No space left on device" "The disk is full: free some space" \
    -- bits_run tokenizer full 2 "run.output=$disk" || exit
  echo "there is: $(cd "$disk/full/checkpoints" && echo *)"
  ! is_there "$disk/full/checkpoints/step-000000020" || exit 1
  leaves_nothing "$disk/full" || exit
  "$RESTOK" checkpoint verify "$disk/full" || exit
  mount -o remount,size=64m "$disk" || exit
  expect 0 "going on after step 10" -- bits_run tokenizer full 2 "run.output=$disk" || exit
  same_digest tokenizer tokenizer-2 disk/full
)

can_mount() {
  ((EUID == 0)) && mkdir -p "$work/disk" && mount -t tmpfs -o size=1m tmpfs "$work/disk" \
    2>/dev/null && umount "$work/disk"
}

disk_failures() {
  if can_mount; then
    check "Full disk: nothing is lost" full_disk
  else
    printf '\n== Full disk: SKIPPED, because only the superuser can mount a small disk\n'
  fi
}

# MARK: Data

# damaged_shard: missing, cut off, with another byte.
damaged_shard() {
  local broken="$work/broken" shard="$work/broken/shard-00000.h5" whole_shard
  whole_shard="$work/data/train/shard-00000.h5"
  cp -r "$work/data/train" "$broken"
  local training=(bits_run tokenizer broken 2 "data.train=$broken")
  rm "$shard"
  check "Data: a missing shard" expect 65 "$shard: the shard is missing" "Restore it" \
    -- "${training[@]}"
  head -c 3000000 "$whole_shard" >"$shard"
  check "Data: a shard that is cut off" expect 65 \
    "$shard: the shard has 3000000 bytes, the manifest says $(stat -c %s "$whole_shard")" \
    "Restore it" -- "${training[@]}"
  cp "$whole_shard" "$shard"
  flip_byte "$shard" 2500000
  check "Data: a flipped byte while reading" expect 65 "$shard: it has digest" \
    "but was written with digest" "Restore it" \
    -- run_local 2 encode --model "$whole" --data "$broken" --output "$work/broken.h5"
  check "Data: a flipped byte while verifying" expect 65 "$shard: it has digest" \
    "but was written with digest" -- "$RESTOK" data verify "$broken"
}

# ill_fitting_weights: one tensor with another name and one of another shape; all three are listed.
ill_fitting_weights() {
  local file="$work/weights.safetensors" turned="decoder.blocks.0.attn.qkv.weight"
  "$RESTOK" checkpoint export --model "$whole" --output "$file" || return
  # The header is text, and these edits keep its length.
  LC_ALL=C sed -i -e 's/"encoder\.blocks\.0\.gamma_1"/"encoder.blocks.0.gamma_9"/' \
    -e "s/\\(\"$turned\":{\"dtype\":\"F32\",\"shape\":\\)\\[96,32]/\\1[32,96]/" "$file"
  expect 65 "'$file': the tensors are not those of the configured model" \
    "missing: encoder.blocks.0.gamma_1" "not in the model: encoder.blocks.0.gamma_9" \
    "$turned: shape [32, 96], [96, 32] expected" "Give the configuration" \
    -- "$RESTOK" encode --model "$file" --config "$whole/config.yaml" \
    --images "$work/samples.png" --output "$work/ill.npy"
}

data_failures() {
  damaged_shard
  check "Data: codes of another tokenizer" expect 65 "$work/data/codes.h5: the codes are of the" \
    "expected" "Extract codes with this tokenizer" \
    -- bits_run generator stranger 2 "tokenizer=$whole"
  head -c 300 "$work/samples.png" >"$work/cut.png"
  check "Data: an image that cannot be decoded" expect 65 "$work/cut.png: damaged PNG image" \
    "Replace the file by an intact copy" \
    -- "$RESTOK" encode --model "$whole" --images "$work/cut.png" --output "$work/cut.npy"
  echo text >"$work/text.png"
  check "Data: an image that is none" expect 65 "$work/text.png: not an image" "JPEG, PNG or WebP" \
    -- "$RESTOK" encode --model "$whole" --images "$work/text.png" --output "$work/text.npy"
  check "Data: weights that do not fit" ill_fitting_weights
}

# MARK: Configurations

configuration_failures() {
  local file="$work/unknown.yaml" line
  sed 's/lanes:/lanez:/' Configs/smoke/tokenizer.yaml >"$file"
  line="$(grep -n lanez "$file" | cut -d : -f 1)"
  check "Configuration: an unknown key" expect 64 "batch.lanez (line $line): there is no such key" \
    "did you mean batch.lanes?" "$file: " -- run_local 2 train tokenizer "$file"
  check "Configuration: heads that do not divide the width" expect 64 \
    "model.encoder.heads (command line): 5 heads do not divide the width 32" "take a divisor" \
    -- run_local 2 train tokenizer Configs/smoke/tokenizer.yaml model.encoder.heads=5
  check "Configuration: no such file" expect 64 "$work/none.yaml" "there is no such file" \
    -- run_local 2 train tokenizer "$work/none.yaml"
}

# MARK: Ranks that differ

# with_other_rank COMMANDS ARGUMENTS…: a training whose rank 1 runs shell commands before it starts.
with_other_rank() {
  # shellcheck disable=SC2016
  printf '#!/bin/bash\nif [[ "$OMPI_COMM_WORLD_RANK" == 1 ]]; then\n%s\nfi\nexec "%s" "$@"\n' \
    "$1" "$RESTOK" >"$work/other"
  chmod +x "$work/other"
  RESTOK="$work/other" bits_run tokenizer other-rank 2 "${@:2}"
}

rank_failures() {
  mkdir -p "$work/elsewhere/Configs/smoke"
  sed 's/weight: 1}/weight: 2}/' Configs/smoke/tokenizer.yaml \
    >"$work/elsewhere/Configs/smoke/tokenizer.yaml"
  check "Ranks with different arguments" expect 64 "rank 1 with" "steps=3" \
    -- with_other_rank 'set -- "$@" steps=3'
  check "Ranks with different copies of a configuration" expect 64 \
    "the configuration of rank 1" "losses.reconstruction.weight" "2.0 instead of 1.0 on rank 0" \
    -- with_other_rank "cd '$work/elsewhere'"
}

# failures: everything here; `whole` is the uninterrupted run that all others are compared with.
failures() {
  local whole="$work/bits/tokenizer-2"
  checkpoint_failures || true
  killed_ranks || true
  check "Second run into the same directory" second_run || true
  disk_failures || true
  data_failures || true
  configuration_failures || true
  rank_failures || true
}
