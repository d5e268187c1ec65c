#!/usr/bin/env bash
# From a fresh clone to a picture of new handwritten digits.
#
#   Launch/quickstart.sh
#
# Installs what is missing, builds, writes the digits, trains the tokenizer and then the generator
# on two ranks, and samples 20 pictures of each digit. Stop it whenever you like: started again it
# goes on where it was, and a finished part says so and takes no time.
# QUICKSTART_OUTPUT=FOLDER puts everything elsewhere than `runs`.
set -euo pipefail
# shellcheck source=Launch/steps.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/steps.sh"
cd -- "$project"
Launch/setup.sh

runs="${QUICKSTART_OUTPUT:-runs}"
data="$runs/digits-data"
tokenizer="$runs/digits-tokenizer"
generator="$runs/digits-generator"
picture="$runs/digits-samples.png"

# last_figure FILE KEY FORMAT: the newest number of that name in a file of metrics; nothing without one.
last_figure() {
  { grep -o "\"$2\": *[-0-9.eE+]*" "$1" 2>/dev/null || true; } | tail -n 1 | sed 's/.*: *//' |
    while read -r figure; do printf "$3" "$figure"; done
}

step "Build"
swift build -c release --product restok
find_restok

step "Digits"
if [[ -e "$data/train/dataset.json" && -e "$data/evaluation/dataset.json" ]]; then
  echo "$data is there already"
else
  on_ranks 1 data digits "$data"
fi

step "Tokenizer, $ranks ranks"
on_ranks "$ranks" train tokenizer Configs/quickstart/tokenizer.yaml --resume auto \
  "run.output=$runs" "data.train=$data/train" "data.evaluation=$data/evaluation"

step "Codes"
encode() {
  if is_newer "$2" "$tokenizer/checkpoints"; then
    echo "$2 is there already"
  else
    on_ranks "$ranks" encode --model "$tokenizer" --data "$1" --output "$2"
  fi
}
encode "$data/train" "$data/codes.h5"
encode "$data/evaluation" "$data/evaluation-codes.h5"

step "Generator, $ranks ranks"
on_ranks "$ranks" train generator Configs/quickstart/generator.yaml --resume auto \
  "run.output=$runs" "tokenizer=$tokenizer" "data.codes=$data/codes.h5" \
  "data.evaluation=$data/evaluation-codes.h5"

step "Samples"
on_ranks 1 sample --tokenizer "$tokenizer" --generator "$generator" --classes all --count 20 \
  --guidance 2 --seed 0 --output "$picture"

step "Done"
echo "new digits, 20 of each class:               $picture"
echo "held-out digits beside reconstructions:     $tokenizer/images"
echo "tokenizer: PSNR $(last_figure "$tokenizer/metrics.jsonl" psnr %.2f) dB," \
  "$(last_figure "$tokenizer/metrics.jsonl" codes_used %.0f) of 256 codes used, on held-out digits"
echo "generator: loss $(last_figure "$generator/metrics.jsonl" evaluation_loss %.3f) on held-out digits"
