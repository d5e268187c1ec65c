#!/usr/bin/env bash
# Trains the paper's switches one by one on the digits, and writes a table of what each is worth.
#
#   Launch/ablation.sh
#
# Every variant is the quick start's tokenizer with one switch turned, and a generator for its tokens. For each of
# ABLATION_SEEDS ("0 1 2") it trains both on one rank of one thread, ABLATION_JOBS variants side by side (as many as
# cores), for ABLATION_STEPS steps (500) each, samples 20 images of each class, and asks a linear classifier about them.
# Everything goes to a folder of that many steps in ABLATION_OUTPUT (runs/ablation), the table too: mean and half of the
# range over the seeds. At the end both orders are timed. Stop it whenever you like: started again it goes on where it was.
set -euo pipefail
# shellcheck source=Launch/ranks.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/ranks.sh"
cd -- "$project"

seeds=(${ABLATION_SEEDS:-0 1 2})
steps="${ABLATION_STEPS:-500}"
jobs="${ABLATION_JOBS:-$cores}"
output="${ABLATION_OUTPUT:-runs/ablation}/$steps-steps"

# The switches: a name, then what it changes in the tokenizer (T) and in the generator (G).
variants=(
  "as the paper||"
  "no residual image tokens|model.scales.residual=false|"
  "no residual latents|model.latents.residual=false|"
  "merge: nearest|model.scales.merge=nearest|"
  "layout: legacy|model.latents.layout=legacy|"
  "one projection for all levels|model.latents.per_level_projection=false|"
  "no nested dropout|model.nested_dropout.probability=0|"
  "sequential order||model.order=sequential"
)

[[ "$steps" =~ ^[1-9][0-9]{0,6}$ && "$jobs" =~ ^[1-9][0-9]{0,3}$ ]] || {
  say "error: ABLATION_STEPS=$steps and ABLATION_JOBS=$jobs have to be numbers of at least 1"
  exit 64
}
find_restok
mkdir -p "$output"
data="$output/digits"
if [[ ! -e "$data/train/dataset.json" || ! -e "$data/evaluation/dataset.json" ]]; then
  "$RESTOK" data digits "$data"
fi

# last_figure FILE KEY: the newest number of that name in a file of metrics.
last_figure() { grep -o "\"$2\": *[-0-9.eE+]*" "$1" | tail -n 1 | sed 's/.*: *//'; }

# level_figures FILE: the entropies of the levels in the newest record that has them, coarsest first.
level_figures() {
  local level value figures=()
  for level in 0 1 2 3 4; do
    value="$(last_figure "$1" "level_${level}_code_entropy_bits")" || break
    figures+=("$(printf '%.2f' "$value")")
  done
  (IFS=' '; printf '%s' "${figures[*]}")
}

# train KIND NAME MORE…: a training of one rank and one thread, which goes on where it was.
train() {
  local kind="$1" name="$2"
  shift 2
  "$RESTOK" train "$kind" "Configs/quickstart/$kind.yaml" --resume auto "run.output=$output" \
    "run.name=$name" threads=1 "steps=$steps" measure_rate=false \
    checkpoint.every=250 checkpoint.keep=1 log.images_every=0 "evaluate.every=0" "$@"
}

# variant NUMBER SEED: one variant with one seed; its figures go to a line of a file of their own.
variant() {
  local number="$1" seed="$2" name tokens order run
  IFS='|' read -r name tokens order <<<"${variants[$number]}"
  run="v$number-s$seed"
  [[ ! -s "$output/$run.figures" ]] || return 0
  # A switch of the generator alone has the tokenizer of the paper's variant.
  local tokenizer="$run-tokenizer"
  if [[ -z "$tokens" ]]; then tokenizer="v0-s$seed-tokenizer"; fi
  (
    flock 9
    train tokenizer "$tokenizer" "run.seed=$seed" "data.train=$data/train" \
      "data.evaluation=$data/evaluation" ${tokens:+"$tokens"}
    for part in train evaluation; do
      [[ -e "$output/$tokenizer-$part.h5" ]] || "$RESTOK" encode --model "$output/$tokenizer" \
        --data "$data/$part" --output "$output/$tokenizer-$part.h5"
    done
  ) 9>"$output/$tokenizer.lock"
  train generator "$run-generator" "run.seed=$seed" "tokenizer=$output/$tokenizer" \
    "data.codes=$output/$tokenizer-train.h5" "data.evaluation=$output/$tokenizer-evaluation.h5" \
    ${order:+"$order"}
  "$RESTOK" sample --tokenizer "$output/$tokenizer" --generator "$output/$run-generator" \
    --classes all --count 20 --guidance 2 --seed "$seed" --output "$output/$run.npy"
  local score
  score="$("$RESTOK" bench classifier --data "$data/train" --evaluation "$data/evaluation" \
    --samples "$output/$run.npy" --count 20 --json | grep -o '"sample_accuracy": *[0-9.eE+-]*' |
    sed 's/.*: *//')"
  local figures="$output/$tokenizer/metrics.jsonl"
  local psnr codes loss levels
  psnr="$(last_figure "$figures" psnr)" codes="$(last_figure "$figures" codes_used)"
  loss="$(last_figure "$output/$run-generator/metrics.jsonl" evaluation_loss)"
  levels="$(level_figures "$figures")"
  [[ -n "$psnr" && -n "$codes" && -n "$loss" && -n "$score" && -n "$levels" ]] || {
    say "error: a figure is missing: psnr $psnr, codes $codes, loss $loss, score $score, levels $levels"
    return 1
  }
  printf '%s|%s|%s|%s|%s|%s\n' "$number" "$psnr" "$codes" "$loss" "$score" "$levels" \
    >"$output/$run.partial"
  mv "$output/$run.partial" "$output/$run.figures"
}

# table: mean ± half of the range over the seeds.
table() {
  local number name
  echo "| variant | PSNR, dB | codes used | entropy by level, bits | generator loss | samples named right |"
  echo "|---|---|---|---|---|---|"
  for number in "${!variants[@]}"; do
    name="${variants[$number]%%|*}"
    cat "$output/v$number-s"*.figures | awk -F'|' -v name="$name" '
      function note(i, value) {
        sum[i] += value
        if (NR == 1 || value < least[i]) least[i] = value
        if (NR == 1 || value > most[i]) most[i] = value
      }
      function text(i, format) {
        return sprintf(format, sum[i] / NR) " ± " sprintf(format, (most[i] - least[i]) / 2)
      }
      {
        for (i = 2; i <= 5; i++) note(i, $i)
        levelCount = split($6, levels, " ")
        for (i = 1; i <= levelCount; i++) level[i] += levels[i]
      }
      END {
        for (i = 1; i <= levelCount; i++) bits = bits (i > 1 ? ", " : "") sprintf("%.2f", level[i] / NR)
        printf "| %s | %s | %s | %s | %s | %s |\n", name, text(2, "%.2f"), text(3, "%.0f"), bits,
          text(4, "%.3f"), text(5, "%.3f")
      }'
  done
}

# A variant runs as this script again: within a condition the shell would go on behind a command that fails.
if [[ "${1:-}" == --variant ]]; then
  variant "$2" "$3"
  exit
fi
failed=0
running=0
for seed in "${seeds[@]}"; do
  for number in "${!variants[@]}"; do
    RESTOK="$RESTOK" "${BASH_SOURCE[0]}" --variant "$number" "$seed" \
      >"$output/v$number-s$seed.log" 2>&1 || {
      say "error: variant ${variants[$number]%%|*}, seed $seed: $output/v$number-s$seed.log"
      exit 1
    } &
    running=$((running + 1))
    if ((running >= jobs)); then
      wait -n || failed=$((failed + 1))
      running=$((running - 1))
    fi
  done
done
while ((running > 0)); do
  wait -n || failed=$((failed + 1))
  running=$((running - 1))
done
((failed == 0)) || exit 1
table | tee "$output/table.md"
"$RESTOK" bench sampling --config Configs/quickstart/generator.yaml \
  --tokenizer-config Configs/quickstart/tokenizer.yaml | tee "$output/sampling.txt"
