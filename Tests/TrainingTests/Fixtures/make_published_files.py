"""Writes files of a tiny published generator, in every format, into published.json.

    python Tests/TrainingTests/Fixtures/make_published_files.py

Made with PyTorch 2.13. The tests read the JSON file and do not need Python. Files are base64. Element e of the
tensor that is number n in the order of names is ((37 n + e) % 64 - 32) / 64, which bfloat16 holds exactly.
"""

import base64
import io
import json
import os
import pathlib

import torch

FOLDER = pathlib.Path(__file__).parent
WIDTH, HIDDEN, VOCABULARY, TOKENS, CLASSES = 8, 24, 4, 4, 3
SHAPES = {
    "cls_embedding.embedding_table.weight": (CLASSES + 1, WIDTH),
    "tok_embeddings.weight": (VOCABULARY, WIDTH),
    "spe_tok_embeddings.special_embeddings.weight": (TOKENS - 1, WIDTH),
    "layers.0.attention.wqkv.weight": (3 * WIDTH, WIDTH),
    "layers.0.attention.wo.weight": (WIDTH, WIDTH),
    "layers.0.feed_forward.w1.weight": (HIDDEN, WIDTH),
    "layers.0.feed_forward.w2.weight": (WIDTH, HIDDEN),
    "layers.0.feed_forward.w3.weight": (HIDDEN, WIDTH),
    "layers.0.attention_norm.weight": (WIDTH,),
    "layers.0.ffn_norm.weight": (WIDTH,),
    "norm.weight": (WIDTH,),
    "output.weight": (VOCABULARY, WIDTH),
}


class Call:
    """What a pickle says that wants to run a command."""

    def __reduce__(self):
        return os.system, ("true",)


def weights(prefix="", dtype=torch.float32):
    state = {}
    for number, name in enumerate(sorted(SHAPES)):
        count = torch.Size(SHAPES[name]).numel()
        values = ((37 * number + torch.arange(count)) % 64 - 32) / 64
        state[prefix + name] = values.reshape(SHAPES[name]).to(dtype)
    return state


def saved(value, **options):
    buffer = io.BytesIO()
    torch.save(value, buffer, **options)
    return base64.b64encode(buffer.getvalue()).decode()


def main():
    legacy = {"_use_new_zipfile_serialization": False}
    extra = {
        "foundation_model.model.cls_token": torch.zeros(1, 1, 2),
        "discriminator.heads.0.bias": torch.zeros(2),
    }
    optimizer = {"state": {0: {"step": torch.tensor(3), "exp_avg": torch.zeros(2)}}}
    wrapped = {"model": weights("module._orig_mod."), "optimizer": optimizer, "steps": 3}
    files = {
        "zip": saved(weights()),
        "legacy": saved(weights(), **legacy),
        "zip, wrapped": saved(wrapped),
        "legacy, compiled, bfloat16": saved(weights("_orig_mod.", torch.bfloat16) | extra, **legacy),
        "zip, float16": saved(weights("module.", torch.float16)),
    }
    refused = {
        "a call": saved(weights() | {"norm.bias": Call()}),
        "a call, legacy": saved(weights() | {"norm.bias": Call()}, **legacy),
        "a stray tensor": saved(weights() | {"stray.weight": torch.zeros(2)}),
        "integers": saved(weights(dtype=torch.int32)),
        "twice": saved(weights() | weights("module.")),
    }
    content = {"shapes": SHAPES, "files": files, "refused": refused}
    (FOLDER / "published.json").write_text(json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    main()
