"""Writes the case of two sets of images through Inception-v3 at full size, with random weights.

  python3 make_suite.py OUT_DIR [COUNT]
  RESTOK_GOLDEN_DIRECTORY=OUT_DIR swift test -c release --filter EvaluationGoldenTests

Needs what make_check.py needs. COUNT images each, 64 unless given, of 96x128 pixels, go through torchvision's network with the blocks of
pytorch-fid. Figures: Docs/Numerics.md, "Golden files".
"""
import json
import os
import sys

import numpy as np
import torch
from safetensors.numpy import save_file

import make_check as check


def frechet(a, b):
    """From the centred rows themselves: a root of a singular product is off by 2e-5."""
    means = [x.astype(np.float64).mean(0) for x in (a, b)]
    rows = [(x - mean) / (len(x) - 1) ** 0.5 for x, mean in zip((a, b), means)]
    root = np.linalg.svd(rows[0] @ rows[1].T, compute_uv=False).sum()
    return np.square(means[0] - means[1]).sum() + np.square(rows[0]).sum() + np.square(rows[1]).sum() - 2 * root


def main():
    folder, count = os.path.join(sys.argv[1], "evaluation"), int(sys.argv[2]) if len(sys.argv) > 2 else 64
    os.makedirs(folder, exist_ok=True)
    torch.manual_seed(7)
    generator = torch.Generator().manual_seed(8)
    net = check.inception(1, 1008)
    sets = {name: check.pictures(count, 96, 128, generator) for name in ("reference", "samples")}
    sets["samples"][:4] = sets["reference"][:4]
    found = {name: {key: np.concatenate(parts) for key, parts in zip(("spatial", "pool", "logits"), zip(*[
        list(check.features(net, images[i:i + 8]).values()) for i in range(0, count, 8)]))} for name, images in sets.items()}
    reference, samples = found["reference"], found["samples"]
    precision, recall = check.neighbours(reference["pool"], samples["pool"])
    facts = {"FID": frechet(reference["pool"], samples["pool"]), "sFID": frechet(reference["spatial"], samples["spatial"]),
             "IS": check.score(samples["logits"], 5000), "IS in splits of 8": check.score(samples["logits"], 8), "precision": precision, "recall": recall,
             "FID of pytorch-fid": check.frechet(reference["pool"], samples["pool"])}
    tensors = {f"in.{name}": images for name, images in sets.items()}
    tensors |= {"out.reference.pool": reference["pool"], "out.samples.pool": samples["pool"], "out.samples.logits_unbiased": samples["logits"],
                "out.reference.mu": reference["pool"].astype(np.float64).mean(0), "out.reference.mu_s": reference["spatial"].astype(np.float64).mean(0)}
    weights = {f"param.{name}": value.numpy() for name, value in net.state_dict().items() if "num_batches" not in name}
    for name, content, fields in (("suite", tensors, {key: float(value) for key, value in facts.items()}), ("inception", weights, {"width": 1, "classes": 1008})):
        path = os.path.join(folder, name)
        save_file({key: np.ascontiguousarray(value) for key, value in content.items()}, path + ".safetensors")
        with open(path + ".json", "w") as file:
            json.dump(fields, file, indent=1)
    print(facts)


if __name__ == "__main__":
    main()
