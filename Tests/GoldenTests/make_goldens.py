#!/usr/bin/env python3
"""Writes the fixtures of GoldenTests: small models of a PyTorch program, with its results and gradients.

    make_goldens.py --program DIR [--out DIR] [--seed N]

The program computes the same method and is no part of this repository: the modules `restok_torch` and
`make_golden` in DIR. These are the latter's cases with every option kept and only the sizes made
smaller: together they stay below 4 MB. Needs torch and safetensors.
"""
import argparse
import importlib
import os
import sys

# What differs from the program's own cases; latents, stages and layers stay. A group of the norms has
# at least two channels: after one of a single channel, a bias has no gradient but rounding.
TOKENIZER_SIZES = {
    "image_size": 16,
    "channels": 4,
    "norm_groups": 2,
    "z_channels": 8,
    "enc_width": 8,
    "dec_width": 12,
    "codebook": 32,
}
CASE_SIZES = {
    "tokenizer-published": {"enc_width": 16},
    "tokenizer-aligned": {"align_dim": 6},
    "tokenizer-deep": {"image_size": 64, "channels": 2, "norm_groups": 1},
}
GENERATOR_SIZES = {"dim": 12, "vocab": 32, "multiple_of": 8}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", required=True, help="directory of the PyTorch program")
    here = os.path.dirname(os.path.abspath(__file__))
    parser.add_argument("--out", default=os.path.join(here, "Goldens"), help="where the fixtures go")
    parser.add_argument("--seed", type=int, default=0, help="seed of weights and inputs")
    arguments = parser.parse_args()

    sys.dont_write_bytecode = True
    sys.path.insert(0, os.path.abspath(arguments.program))
    import torch

    program = importlib.import_module("make_golden")
    torch.manual_seed(arguments.seed)
    torch.use_deterministic_algorithms(True)
    os.makedirs(arguments.out, exist_ok=True)
    for name, fields in program.TOKENIZERS.items():
        program.tokenizer(arguments.out, name, fields | TOKENIZER_SIZES | CASE_SIZES.get(name, {}))
    for name, fields in program.GENERATORS.items():
        program.generator(arguments.out, name, fields | GENERATOR_SIZES)
    # The optimizer's case has no argument for its sizes: it reads them from the module.
    program.TINY.update(TOKENIZER_SIZES)
    program.training(arguments.out, "training-steps")


if __name__ == "__main__":
    main()
