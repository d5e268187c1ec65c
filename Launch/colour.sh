#!/usr/bin/env bash
# From a fresh clone to new emoji: the whole way of real colour pictures.
#
#   Launch/colour.sh
#
# Installs what is missing (beside the program's own packages Debian's fonts-noto-color-emoji, unicode-data,
# python3-fonttools, python3-pil), builds, writes the 3655 emoji of Noto Color Emoji with the nine groups of Unicode's
# list as classes, packs them on two ranks, trains the tokenizer and then the generator, samples, and scores:
# quality against kept tokens, use of the codebook. Stop it whenever you like: started again it goes on where it was.
# COLOUR_OUTPUT=FOLDER puts everything elsewhere than `runs`; COLOUR_STEPS="TOKENIZER GENERATOR" takes fewer steps;
# COLOUR_INCEPTION=FILE, COLOUR_LPIPS=NETWORK,LINEAR add the scores that need these networks.
set -euo pipefail
# shellcheck source=Launch/steps.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/steps.sh"
cd -- "$project"
Launch/setup.sh fonts-noto-color-emoji unicode-data python3-fonttools python3-pil

runs="${COLOUR_OUTPUT:-runs}"
pictures="$runs/emoji"
data="$runs/colour-data"
tokenizer="$runs/colour-tokenizer"
generator="$runs/colour-generator"
samples="$runs/colour-samples.png"
scores="$runs/colour-reconstruction.json"
read -r tokenizer_steps generator_steps <<<"${COLOUR_STEPS:-9000 2500}"

step "Build"
if [[ -z "${RESTOK:-}" ]]; then swift build -c release --product restok; fi
find_restok

step "Emoji"
if [[ -e "$pictures/done" ]]; then
  echo "$pictures is there already"
else
  /usr/bin/python3 Launch/emoji.py "$pictures/groups"
  touch "$pictures/done"
fi

step "Packing, $ranks ranks"
if [[ -e "$data/sets/train/dataset.json" ]]; then
  echo "$data/sets is there already"
else
  mkdir -p "$data"
  on_ranks "$ranks" data pack "$pictures/groups" "$data/sets" --size 64 --split evaluation=0.06 \
    --attribution "Noto Color Emoji, Google, SIL Open Font License 1.1; groups: Unicode emoji-test.txt"
fi

step "Tokenizer, $ranks ranks"
on_ranks "$ranks" train tokenizer Configs/colour/tokenizer.yaml --resume auto \
  "run.output=$runs" "data.train=$data/sets/train" "data.evaluation=$data/sets/evaluation" \
  "steps=$tokenizer_steps"

step "Codes"
encode() {
  if is_newer "$2" "$tokenizer/checkpoints"; then
    echo "$2 is there already"
  else
    on_ranks "$ranks" encode --model "$tokenizer" --data "$1" --crops two --output "$2"
  fi
}
encode "$data/sets/train" "$data/codes.h5"
encode "$data/sets/evaluation" "$data/evaluation-codes.h5"

step "Generator, $ranks ranks"
on_ranks "$ranks" train generator Configs/colour/generator.yaml --resume auto \
  "run.output=$runs" "tokenizer=$tokenizer" "data.codes=$data/codes.h5" \
  "data.evaluation=$data/evaluation-codes.h5" "steps=$generator_steps"

step "Samples"
on_ranks 1 sample --tokenizer "$tokenizer" --generator "$generator" --classes all --count 12 \
  --guidance 2 --seed 0 --output "$samples"

step "Scores of reconstructions against kept tokens, $ranks ranks"
networks=()
if [[ -n "${COLOUR_INCEPTION:-}" ]]; then networks+=(--inception "$COLOUR_INCEPTION"); fi
if [[ -n "${COLOUR_LPIPS:-}" ]]; then networks+=(--lpips "$COLOUR_LPIPS"); fi
on_ranks "$ranks" evaluate reconstruction --images "$data/sets/evaluation" --model "$tokenizer" \
  --keep 1,2,4,8,16,32,64 "${networks[@]}" --output "$scores"

step "Done"
echo "new emoji, 12 of each group:              $samples"
echo "held-out emoji beside reconstructions:    $tokenizer/images"
echo "scores:                                   $scores"
