#!/usr/bin/env python3
"""Writes the fixtures of GoldenTests: small models of a PyTorch program, with its results and gradients.

    make_goldens.py --program DIR [--out DIR] [--seed N]

The program computes the same method and is no part of this repository: the modules `restok_torch` and
`make_golden` in DIR. These are the latter's cases with every option kept and only the sizes made
smaller: together they stay below 4 MB. Needs torch and safetensors.
"""
import argparse
import importlib
import math
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
# Steps of the generator: base rate, end rate, warm-up, steps, clipping, decay of weights and average.
RATE, END_RATE, WARMUP, STEPS, CLIP, WEIGHT_DECAY, AVERAGE_DECAY = 1e-3, 1e-4, 2, 6, 0.05, 0.1, 0.999


def generator_steps(program, torch, out, name, fields):
    """Six AdamW steps of the generator on four samples each, without dropout: what each step must show."""
    config = program.GeneratorConfig(**fields)
    model = program.Generator(config)
    program.jitter(model, 0.05)
    model.eval()  # no dropout; gradients flow all the same
    named = list(model.named_parameters())
    tensors = {f"param.{n}": p.detach().clone() for n, p in named}
    tokens = torch.randint(0, config.vocab, (STEPS, 4, config.tokens))
    labels = torch.randint(0, config.classes + 1, (STEPS, 4))
    plain = [p for n, p in named if program.no_decay(n, p)]
    decayed = [p for n, p in named if not program.no_decay(n, p)]
    groups = [{"params": plain, "weight_decay": 0.0}, {"params": decayed, "weight_decay": WEIGHT_DECAY}]
    optimizer = torch.optim.AdamW(groups, lr=RATE, betas=(0.9, 0.95), eps=1e-8)
    average = {n: p.detach().clone() for n, p in named}
    figures = {"losses": [], "grad_norms": [], "rates": []}
    for step in range(STEPS):
        half = 0.5 * (1 + math.cos(math.pi * (step - WARMUP) / (STEPS - WARMUP)))
        rate = RATE * step / WARMUP if step < WARMUP else END_RATE + (RATE - END_RATE) * half
        for group in optimizer.param_groups:
            group["lr"] = rate
        logits = model(tokens[step], labels[step])
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), tokens[step].flatten())
        optimizer.zero_grad()
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), CLIP)
        optimizer.step()
        decay = 0.0 if step == 0 else min((1 + step) / (10 + step), AVERAGE_DECAY)
        with torch.no_grad():
            for n, p in named:
                average[n].lerp_(p, 1 - decay)
        for key, value in (("losses", loss.item()), ("grad_norms", norm.item()), ("rates", rate)):
            figures[key].append(value)
    tensors |= {"in.tokens": tokens, "in.labels": labels}
    tensors |= {f"out.{key}": torch.tensor(values) for key, values in figures.items()}
    tensors |= {f"out.param.{n}": p for n, p in named} | {f"out.ema.{n}": a for n, a in average.items()}
    program.write(out, name, config, tensors)


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
    torch.manual_seed(arguments.seed)
    sizes = program.GENERATORS["generator-har"] | GENERATOR_SIZES
    generator_steps(program, torch, arguments.out, "generator-steps", sizes)


if __name__ == "__main__":
    main()
