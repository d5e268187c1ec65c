#!/usr/bin/env bash
# Everything that has to hold before a change is merged.
#
#   Launch/test.sh
#
# Set-up; format and style; a build without warnings; all tests, those on several ranks among them;
# some seconds of fuzzing for each parser; a few steps of both models on two ranks; equal bits on other
# ranks; what goes wrong outside the program. Ends with `N passed, N failed`, and with status 1 when
# anything failed or could not run. It builds into .build-tests, because warnings are errors here.
set -euo pipefail
# shellcheck source=Launch/ranks.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/ranks.sh"
# shellcheck source=Launch/failures.sh
source "$project/Launch/failures.sh"
cd -- "$project"

OVERSUBSCRIBE=yes
build=(-c release --scratch-path .build-tests -Xswiftc -warnings-as-errors)
passed=0
failed=0
work="$(mktemp -d)"
trap 'rm -rf -- "$work"' EXIT

# check NAME COMMAND…: one thing that passes or fails; returns whether it passed.
check() {
  local name="$1"
  shift
  printf '\n== %s\n' "$name"
  if "$@"; then
    passed=$((passed + 1))
  else
    echo "FAILED: $name (status $?)"
    failed=$((failed + 1))
    return 1
  fi
}

# finish: the last line, and the exit status.
finish() {
  printf '\n%d passed, %d failed\n' "$passed" "$failed"
  ((failed == 0)) || exit 1
  exit 0
}

# skip NAME REASON: a stage that could not run has failed.
skip() {
  printf '\n== %s\nFAILED: %s\n' "$1" "$2"
  failed=$((failed + 1))
}

# run_tests: all tests of the package, counted from the runner's own report.
run_tests() {
  local report="$work/tests-swift-testing.xml" status=0 total failures skipped
  printf '\n== Tests\n'
  swift test "${build[@]}" --skip-build --xunit-output "$work/tests.xml" || status=$?
  if [[ ! -s "$report" ]]; then
    skip "Report of the tests" "the test runner ended with status $status and wrote no report"
    return
  fi
  number() { sed -n "s/.*<testsuite [^>]*[ ]$1=\"\([0-9]*\)\".*/\1/p" "$report" | head -n 1; }
  total="$(number tests)"
  # A test with several issues is one failure.
  failures="$(awk '/<testcase/ { first = 1 } /<failure/ && first { n++; first = 0 }
    END { print n + 0 }' "$report")"
  skipped="$(number skipped)"
  passed=$((passed + total - failures - ${skipped:-0}))
  failed=$((failed + failures))
  if ((status != 0 && failures == 0)); then
    skip "End of the tests" "the test runner ended with status $status, but no test failed"
  fi
}

# smoke_run: data, both trainings on two ranks, codes and samples, far too small to be of use.
smoke_run() {
  local data="$work/data" runs="$work/runs"
  local tokenizer="$runs/smoke-tokenizer" generator="$runs/smoke-generator"
  RESTOK="$(swift build "${build[@]}" --show-bin-path)/restok"
  check "Smoke: digits" run_local 1 data digits "$data" || return
  check "Smoke: tokenizer on 2 ranks" run_local 2 \
    train tokenizer Configs/smoke/tokenizer.yaml "run.output=$runs" \
    "data.train=$data/train" "data.evaluation=$data/evaluation" || return
  check "Smoke: codes on 2 ranks" run_local 2 \
    encode --model "$tokenizer" --data "$data/train" --output "$data/codes.h5" || return
  check "Smoke: generator on 2 ranks" run_local 2 \
    train generator Configs/smoke/generator.yaml "run.output=$runs" \
    "tokenizer=$tokenizer" "data.codes=$data/codes.h5" || return
  check "Smoke: samples" run_local 1 \
    sample --tokenizer "$tokenizer" --generator "$generator" --classes 0,1 --count 2 \
    --output "$work/samples.png" || return
  check "Smoke: the picture is there" test -s "$work/samples.png" || return
  check "Smoke: samples in bfloat16" run_local 1 \
    sample --tokenizer "$tokenizer" --generator "$generator" --classes 0,1 --count 2 \
    --precision bfloat16 --output "$work/samples-bfloat16.png" || return
}

# bits_run KIND NAME RANKS MORE…: a short training of 8 lanes; one thread a rank, as bits need it.
# The kind recipe is a tokenizer with all losses, whose discriminator begins in the middle.
bits_run() {
  local kind="$1" name="$2" ranks="$3"
  shift 3
  local data=(threads=1 batch.lanes=8 steps=20 checkpoint.every=10 digest_every=5
    "run.output=$work/bits" "run.name=$name")
  # Steps long enough to be stopped in the middle.
  if [[ "$kind" == generator ]]; then
    data+=(batch.per_lane=64 "tokenizer=$work/runs/smoke-tokenizer" "data.codes=$work/data/codes.h5")
  else
    data+=(batch.per_lane=2 "data.train=$work/data/train" "data.evaluation=$work/data/evaluation")
  fi
  if [[ "$kind" == recipe ]]; then
    local networks="$work/networks"
    data+=(losses.adversarial.start=10 "losses.adversarial.backbone=$networks/dino.safetensors"
      "losses.perceptual.lpips.network=$networks/vgg16.safetensors"
      "losses.perceptual.lpips.linear=$networks/lpips.safetensors"
      "losses.alignment.file=$networks/foundation.safetensors")
  fi
  run_local "$ranks" train "${kind/recipe/tokenizer}" "Configs/smoke/$kind.yaml" "${data[@]}" "$@"
}

# train_bits KIND NAME RANKS: the same with its messages in a file.
train_bits() { bits_run "$@" >"$work/$2.log" 2>&1; }

# stop_and_resume KIND: SIGTERM to the launcher in the middle, then another number of ranks.
stop_and_resume() {
  local kind="$1" name="$1-stopped" pid status=0 metrics="$work/bits/$1-stopped/metrics.jsonl"
  train_bits "$kind" "$name" 2 &
  pid=$!
  for _ in $(seq 600); do
    if has_steps "$metrics" 3; then break; fi
    sleep 0.05
  done
  kill -TERM "$pid" 2>/dev/null || true
  wait "$pid" || status=$?
  # The run may have ended just before the signal: then there is nothing to resume, and that is said.
  echo "$kind stopped with status $status after $(grep -c '"kind":"train"' "$metrics") steps"
  ((status == 75)) || return 1
  train_bits "$kind" "$name" 4
}

# same_digest KIND NAME…: the last checkpoints of all runs have one digest.
same_digest() {
  local kind="$1" digests
  shift
  digests="$("$RESTOK" checkpoint verify --digest "${@/#/$work/bits/}")" || return
  echo "$kind: $# runs, digests $(sort -u <<<"$digests" | tr '\n' ' ')"
  [[ "$(wc -l <<<"$digests")" == "$#" && "$(sort -u <<<"$digests" | wc -l)" == 1 ]]
}

# equal_bits: 1, 2 and 4 ranks, and a stopped and resumed run, end in the same checkpoint; in
# bfloat16 the numbers of ranks alone, over fewer steps.
equal_bits() {
  local kind ranks
  for kind in tokenizer generator; do
    for ranks in 1 2 4; do
      check "Bits: $kind on $ranks rank(s)" train_bits "$kind" "$kind-$ranks" "$ranks" || return
    done
    check "Bits: $kind stopped and resumed on other ranks" stop_and_resume "$kind" || return
    check "Bits: $kind has one digest" same_digest "$kind" \
      "$kind-1" "$kind-2" "$kind-4" "$kind-stopped" || return
    check "Bits: 3 ranks for 8 lanes are refused" refused "$kind" || return
    for ranks in 1 2 4; do
      check "Bits: $kind in bfloat16 on $ranks rank(s)" train_bits "$kind" \
        "$kind-bfloat16-$ranks" "$ranks" precision=bfloat16 steps=6 checkpoint.every=3 || return
    done
    check "Bits: $kind in bfloat16 has one digest" same_digest "$kind" \
      "$kind-bfloat16-1" "$kind-bfloat16-2" "$kind-bfloat16-4" || return
  done
  convolution_bits || return
  revived_bits || return
  recipe_bits || return
  check "Flipped byte: verification fails" flipped_byte || return
}

# convolution_bits: so does a tokenizer wide enough for convolutions with fewer multiplications, whose bits are then
# others than those of direct ones.
convolution_bits() {
  local precision ranks names wide=(model.cnn.width=32 steps=4 checkpoint.every=2)
  for precision in float32 bfloat16; do
    names=()
    for ranks in 1 2 4; do
      check "Bits: convolutions in $precision on $ranks rank(s)" train_bits tokenizer \
        "wide-$precision-$ranks" "$ranks" "${wide[@]}" "precision=$precision" convolutions=fast ||
        return
      names+=("wide-$precision-$ranks")
    done
    check "Bits: convolutions in $precision have one digest" same_digest tokenizer "${names[@]}" ||
      return
  done
  check "Bits: direct convolutions" train_bits tokenizer wide-direct 1 "${wide[@]}" \
    convolutions=direct || return
  check "Bits: direct convolutions have another digest" other_digest wide-direct wide-float32-1 ||
    return
}

# other_digest NAME OTHER: two runs of a tokenizer ended in different checkpoints.
other_digest() { ! same_digest tokenizer "$@"; }

# revived_bits: so does a tokenizer whose unused codes are put back into use, and where it goes on.
revived_bits() {
  local ranks names=() revive=(model.codebook.revive=true model.codebook.revive_after=3)
  for ranks in 1 2 4; do
    check "Bits: revived codes on $ranks rank(s)" train_bits tokenizer "revived-$ranks" "$ranks" \
      "${revive[@]}" steps=10 checkpoint.every=5 || return
    names+=("revived-$ranks")
  done
  check "Bits: revived codes go on after step 5 on 4 ranks" train_bits tokenizer revived-from-5 4 \
    "${revive[@]}" steps=10 checkpoint.every=5 --resume \
    "$work/bits/revived-1/checkpoints/step-000000005" || return
  check "Bits: revived codes have one digest" same_digest tokenizer "${names[@]}" revived-from-5 ||
    return
  check "Bits: codes were revived" grep -q '"codes_revived":[1-9]' \
    "$work/bits/revived-1/metrics.jsonl" || return
}

# recipe_bits: the whole recipe ends in the same checkpoint on 1, 2 and 4 ranks, and where it goes on on
# other ranks before, at and after the discriminator's start, in either precision.
recipe_bits() {
  local precision ranks step names
  check "Bits: networks" "$(dirname -- "$RESTOK")/RankChecks" networks "$work/networks" || return
  for precision in float32 bfloat16; do
    names=()
    for ranks in 1 2 4; do
      check "Bits: recipe in $precision on $ranks rank(s)" train_bits recipe \
        "recipe-$precision-$ranks" "$ranks" "precision=$precision" checkpoint.every=2 \
        checkpoint.keep=20 || return
      names+=("recipe-$precision-$ranks")
    done
    for step in 8:2 10:4 12:1; do
      ranks="${step#*:}" step="${step%:*}"
      check "Bits: recipe in $precision goes on after step $step on $ranks rank(s)" train_bits recipe \
        "recipe-$precision-from-$step" "$ranks" "precision=$precision" --resume \
        "$work/bits/recipe-$precision-1/checkpoints/step-$(printf %09d "$step")" || return
      names+=("recipe-$precision-from-$step")
    done
    check "Bits: recipe in $precision has one digest" same_digest recipe "${names[@]}" || return
  done
}

# sampled RANKS NAME MORE…: 80 samples of all classes with their codes; one thread a rank, as bits need it.
sampled() {
  local ranks="$1" name="$2"
  shift 2
  run_local "$ranks" sample --tokenizer "$work/runs/smoke-tokenizer" \
    --generator "$work/runs/smoke-generator" --threads 1 --guidance 2 --top-p 0.95 \
    --codes "$work/outputs/$name.codes.npy" --output "$work/outputs/$name" "$@"
}

# killed_sampling: a sampling whose launcher and ranks are killed when a part is finished, and which then goes on
# on other ranks, gives the bytes of an undisturbed one.
killed_sampling() {
  local folder="$work/outputs" pid status=0
  make_killable
  RESTOK="$work/killable" sampled 2 killed.npz --balanced 2000 >"$work/killed-sampling.log" 2>&1 &
  pid=$!
  wait_for "$pid" is_there "$folder/.killed.npz.parts/records/00*.json" || true
  signal_ranks KILL
  wait "$pid" || status=$?
  echo "killed with status $status: $(ls "$folder/.killed.npz.parts/records" | wc -l) records"
  ((status != 0)) && [[ ! -e "$folder/killed.npz" ]] || return 1
  sampled 4 killed.npz --balanced 2000 2>"$work/going-on.log" || return 1
  grep "going on:" "$work/going-on.log"
}

# sampling_bits: 1, 2 and 4 ranks write the same bytes, in every form; so do a killed command and the one after it.
sampling_bits() {
  local ranks form folder="$work/outputs" model="$work/runs/smoke-tokenizer"
  mkdir -p "$folder"
  for ranks in 1 2 4; do
    check "Sampling: 2000 on $ranks rank(s)" sampled "$ranks" "set-$ranks.npz" --balanced 2000 || return
    check "Sampling: a folder on $ranks rank(s)" sampled "$ranks" "folder-$ranks" --classes all --count 7 || return
    check "Sampling: reconstructions on $ranks rank(s)" run_local "$ranks" reconstruct \
      --threads 1 --model "$model" --images "$folder/folder-1" --output "$folder/reconstructed-$ranks.npy" || return
    check "Sampling: encoded on $ranks rank(s)" run_local "$ranks" encode \
      --threads 1 --model "$model" --images "$folder/folder-1" --output "$folder/encoded-$ranks.npy" || return
    check "Sampling: decoded on $ranks rank(s)" run_local "$ranks" decode \
      --threads 1 --model "$model" --codes "$folder/set-1.npz.codes.npy" --output "$folder/decoded-$ranks.npy" || return
  done
  for ranks in 2 4; do
    for form in set-%.npz set-%.json set-%.npz.codes.npy folder-% reconstructed-%.npy encoded-%.npy decoded-%.npy; do
      check "Sampling: ${form/-%/} is the same on $ranks ranks" \
        diff -r "$folder/${form/\%/1}" "$folder/${form/\%/$ranks}" || return
    done
  done
  check "Sampling: killed and taken up again" killed_sampling || return
  check "Sampling: the same bytes after the kill" cmp "$folder/set-1.npz" "$folder/killed.npz" || return
  check "Sampling: nothing is left" test ! -e "$folder/.killed.npz.parts" || return
}

# same_codes_report FOLDER: one report of the codes on 1 and on 2 ranks.
same_codes_report() {
  local ranks
  for ranks in 1 2; do
    run_local "$ranks" codes verify "$work/data/codes.h5" --model "$work/runs/smoke-tokenizer" \
      --data "$work/data/train" --threads 1 --json >"$1/codes-$ranks.json" || return
  done
  cmp "$1/codes-1.json" "$1/codes-2.json"
}

# evaluation_bits: certificates and statistics have the same bytes on 1, 2 and 4 ranks, and one whose protocol
# is another is refused.
evaluation_bits() {
  local ranks kind status=0 networks="$work/networks" folder="$work/evaluation"
  local set=(--threads 1 --inception "$networks/inception.safetensors")
  mkdir -p "$folder"
  check "Evaluation: samples" run_local 1 sample --tokenizer "$work/runs/smoke-tokenizer" \
    --generator "$work/runs/smoke-generator" --classes all --count 3 --output "$folder/samples.npz" ||
    return
  for ranks in 1 2 4; do
    check "Evaluation: statistics on $ranks rank(s)" run_local "$ranks" evaluate statistics \
      "${set[@]}" --images "$work/data/evaluation" --output "$folder/statistics-$ranks.npz" || return
    check "Evaluation: samples on $ranks rank(s)" run_local "$ranks" evaluate generation \
      "${set[@]}" --samples "$folder/samples.npz" --reference "$work/data/evaluation" \
      --output "$folder/generation-$ranks.json" || return
    check "Evaluation: reconstructions on $ranks rank(s)" run_local "$ranks" evaluate reconstruction \
      "${set[@]}" --images "$work/data/evaluation" --model "$work/runs/smoke-tokenizer" --keep 1,4,16 \
      --lpips "$networks/alexnet.safetensors,$networks/lpips.safetensors" \
      --output "$folder/reconstruction-$ranks.json" || return
  done
  check "Evaluation: codes on 1 and 2 ranks" same_codes_report "$folder" || return
  for kind in statistics-%.npz generation-%.json reconstruction-%.json; do
    for ranks in 2 4; do
      check "Evaluation: ${kind%-%*} is the same on $ranks ranks" \
        cmp "$folder/${kind/\%/1}" "$folder/${kind/\%/$ranks}" || return
    done
  done
  check "Evaluation: the samples in a folder" run_local 1 sample --tokenizer "$work/runs/smoke-tokenizer" \
    --generator "$work/runs/smoke-generator" --classes all --count 3 --output "$folder/samples" || return
  check "Evaluation: the folder" run_local 1 evaluate generation "${set[@]}" --samples "$folder/samples" \
    --reference "$work/data/evaluation" --output "$folder/of-folder.json" || return
  check "Evaluation: the certificates agree but for the name" \
    diff <(sed 's|/samples.npz"|/samples"|' "$folder/generation-1.json") "$folder/of-folder.json" || return
  check "Evaluation: against the statistics" run_local 1 evaluate generation "${set[@]}" \
    --samples "$folder/samples.npz" --reference "$folder/statistics-1.npz" \
    --output "$folder/against-statistics.json" || return
  "$RESTOK" evaluate compare "$folder/generation-1.json" "$folder/against-statistics.json" || status=$?
  check "Evaluation: another protocol is refused" test "$status" = 65 || return
  check "Evaluation: the shipped case" "$RESTOK" evaluate check || return
}

# searched RANKS NAME: figures of three strengths with two seeds; one thread a rank, as bits need it.
searched() {
  run_local "$1" search guidance --tokenizer "$work/runs/smoke-tokenizer" \
    --generator "$work/runs/smoke-generator" --threads 1 --guidance 1:2:0.5 --count 500 --repeat 2 \
    --reference "$work/data/evaluation" --inception "$work/networks/inception.safetensors" \
    --output "$work/searches/$2"
}

# killed_search CONDITION…: a search whose launcher and ranks are killed as soon as the condition holds.
killed_search() {
  local pid status=0
  make_killable
  RESTOK="$work/killable" searched 2 killed >>"$work/killed-search.log" 2>&1 &
  pid=$!
  wait_for "$pid" "$@" || true
  signal_ranks KILL
  wait "$pid" || status=$?
  echo "killed with status $status: $(ls "$work/searches/killed/measurements" | wc -l) measurements"
  ((status != 0))
}

# search_bits: 1 and 2 ranks find the same tables; so does a search that is killed in a sampling, in an evaluation
# and between two rows, and goes on on another number of ranks.
search_bits() {
  local ranks form folder="$work/searches"
  mkdir -p "$folder"
  for ranks in 1 2; do
    check "Search: on $ranks rank(s)" searched "$ranks" "table-$ranks" || return
  done
  check "Search: killed in a sampling" \
    killed_search is_there "$folder/killed/.samples.npz.parts/records/00*.json" || return
  check "Search: killed in an evaluation" killed_search is_there "$folder/killed/samples.json" || return
  check "Search: killed after a row" killed_search is_there "$folder/killed/table.csv" || return
  check "Search: goes on on one rank" searched 1 killed || return
  for form in csv json; do
    check "Search: table.$form is the same on 2 ranks" \
      cmp "$folder/table-1/table.$form" "$folder/table-2/table.$form" || return
    check "Search: table.$form is the same after the kills" \
      cmp "$folder/table-1/table.$form" "$folder/killed/table.$form" || return
  done
  check "Search: nothing is left but tables and the lock" test "$(ls -A "$folder/killed" | tr '\n' ' ')" = \
    "measurements plot.png search.lock table.csv table.json " || return
}

# refused KIND: a number of ranks that does not divide the lanes ends with 64 and lists the others.
refused() {
  local status=0
  train_bits "$1" refused 3 || status=$?
  grep -m 1 "lanes" "$work/refused.log" || true
  ((status == 64)) && grep -q "1, 2, 4, 8" "$work/refused.log"
}

# flipped_byte: a checkpoint with one other byte is refused with status 73.
flipped_byte() {
  local file status=0
  file="$(ls -d "$work"/bits/tokenizer-1/checkpoints/step-* | tail -n 1)/tokenizer.model.h5"
  flip_byte "$file" 5000
  "$RESTOK" checkpoint verify "${file%/*}" || status=$?
  ((status == 73))
}

if ! check "Set-up" Launch/setup.sh; then finish; fi
check "Format and style" swift format lint --strict -r Sources Tests Package.swift || true
if ! check "Build without warnings" swift build "${build[@]}" --build-tests; then
  skip "Tests" "not run, because the build failed"
  skip "Smoke run" "not run, because the build failed"
  finish
fi
run_tests
check "Fuzzing the parsers" Tests/Fuzzing/run.sh 10 || true
smoke_run && equal_bits && sampling_bits && evaluation_bits && search_bits && failures || true
finish
