#!/usr/bin/env python3
"""Writes the fixtures of GoldenTests: small models of the PyTorch peer, with its results and gradients.

    make_goldens.py --peer DIR [--out DIR] [--seed N]

DIR of the peer holds `restok_torch.py` and `make_golden.py`, whose cases these are with every option
kept and only the sizes made smaller: together they stay below 4 MB. Needs torch and safetensors.
"""
import argparse
import importlib
import os
import sys

# What differs from the peer's own cases; latents, stages and layers stay. A group of the norms has
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
    parser.add_argument("--peer", required=True, help="directory of restok_torch.py and make_golden.py")
    here = os.path.dirname(os.path.abspath(__file__))
    parser.add_argument("--out", default=os.path.join(here, "Goldens"), help="where the fixtures go")
    parser.add_argument("--seed", type=int, default=0, help="seed of weights and inputs")
    arguments = parser.parse_args()

    sys.dont_write_bytecode = True
    sys.path.insert(0, os.path.abspath(arguments.peer))
    import torch

    peer = importlib.import_module("make_golden")
    torch.manual_seed(arguments.seed)
    torch.use_deterministic_algorithms(True)
    os.makedirs(arguments.out, exist_ok=True)
    for name, fields in peer.TOKENIZERS.items():
        peer.tokenizer(arguments.out, name, fields | TOKENIZER_SIZES | CASE_SIZES.get(name, {}))
    for name, fields in peer.GENERATORS.items():
        peer.generator(arguments.out, name, fields | GENERATOR_SIZES)
    # The optimizer's case has no argument for its sizes: it reads them from the module.
    peer.TINY.update(TOKENIZER_SIZES)
    peer.training(arguments.out, "training-steps")


if __name__ == "__main__":
    main()
