"""Writes the case that `restok evaluate check` computes, with values from NumPy, SciPy, PyTorch and pytorch-fid.

  python3 make_check.py OUT.safetensors        (the file among the resources of the target Evaluation)

Needs PyTorch, torchvision, pytorch-fid, SciPy and safetensors. "in.<name>" inputs, "param.<network>.<name>" weights in their published names,
"out.<figure>" the values in float64. Inception-v3 has a sixteenth of its channels, AlexNet a few; all weights are random.
"""
import sys

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.numpy import save_file
from torch import nn

try:
    import torchvision
except RuntimeError:  # A build for CUDA beside a PyTorch for CPUs lacks two operators.
    for operator in ("nms", "qnms"):
        torch.library.define("torchvision::" + operator, "(Tensor a, Tensor b, float c) -> Tensor")
    import torchvision
from pytorch_fid import inception as fid
from pytorch_fid.fid_score import calculate_frechet_distance
from torchvision.models import inception as published

UNIT = published.BasicConv2d
WIDTH, CLASSES = 1 / 16, 40  # Of the published network: 1, 1008


def narrow(width):
    """A unit of the published network with fewer channels."""
    class NarrowUnit(UNIT):
        def __init__(self, inputs, outputs, **options):
            super().__init__(inputs if inputs == 3 else round(inputs * width), round(outputs * width), **options)
    return NarrowUnit


def inception(width=WIDTH, classes=CLASSES):
    """pytorch-fid's blocks in torchvision's network, with fewer channels; pytorch-fid's own function would download the weights."""
    published.BasicConv2d = narrow(width)
    net = torchvision.models.inception_v3(num_classes=classes, aux_logits=False, weights=None, init_weights=False)
    net.Mixed_5b = fid.FIDInceptionA(192, pool_features=32)
    net.Mixed_5c, net.Mixed_5d = fid.FIDInceptionA(256, pool_features=64), fid.FIDInceptionA(288, pool_features=64)
    net.Mixed_6b = fid.FIDInceptionC(768, channels_7x7=128)
    net.Mixed_6c, net.Mixed_6d = (fid.FIDInceptionC(768, channels_7x7=160) for _ in range(2))
    net.Mixed_6e = fid.FIDInceptionC(768, channels_7x7=192)
    net.Mixed_7b, net.Mixed_7c = fid.FIDInceptionE_1(1280), fid.FIDInceptionE_2(2048)
    net.fc = nn.Linear(round(2048 * width), classes)
    with torch.no_grad():
        for name, t in net.state_dict().items():
            if "running_mean" in name or name.endswith("bn.bias"):
                t.normal_(0, 0.1)
            elif "running_var" in name or name.endswith("bn.weight"):
                t.uniform_(0.8, 1.25)
            elif t.ndim == 4:
                t.normal_(0, (2 / t[0].numel()) ** 0.5)
            elif t.ndim == 2:
                t.normal_(0, 4 / t.shape[1] ** 0.5)
    return net.eval()


def features(net, images):
    """Means, the first seven channels in the middle, and logits without their bias."""
    def axis(size):
        place = torch.arange(299, dtype=torch.float32) * (torch.tensor(float(size)) / 299)
        low = place.long()
        return low, (low + 1).clamp(max=size - 1), place - low

    x = torch.from_numpy(images).float()
    (top, bottom, down), (left, right, across) = axis(x.shape[1]), axis(x.shape[2])
    rows = [x[:, r][:, :, left] + (x[:, r][:, :, right] - x[:, r][:, :, left]) * across[None, None, :, None] for r in (top, bottom)]
    seen = ((rows[0] + (rows[1] - rows[0]) * down[None, :, None, None]).permute(0, 3, 1, 2) - 128) / 128
    kept = {}
    hooks = [net.Mixed_6d.branch1x1.register_forward_hook(lambda m, i, y: kept.update(spatial=y[:, :7].permute(0, 2, 3, 1).flatten(1))),
             net.avgpool.register_forward_hook(lambda m, i, y: kept.update(pool=y.flatten(1)))]
    with torch.no_grad():
        kept["logits"] = net(seen) - net.fc.bias
    for hook in hooks:
        hook.remove()
    return {name: value.numpy() for name, value in kept.items()}


def pictures(count, height, width, generator):
    smooth = F.interpolate(torch.rand(count, 3, 5, 6, generator=generator), (height, width), mode="bicubic")
    grain = 0.05 * torch.randn(count, 3, height, width, generator=generator)
    return ((smooth + grain).clamp(0, 1) * 255).round().byte().permute(0, 2, 3, 1).contiguous().numpy()


def score(logits, size):
    z = logits.astype(np.float64)
    log_p = z - np.log(np.exp(z - z.max(1, keepdims=True)).sum(1, keepdims=True)) - z.max(1, keepdims=True)
    parts = [log_p[i:i + size] for i in range(0, len(z), size)]
    return np.mean([np.exp((np.exp(p) * (p - np.log(np.exp(p).mean(0)))).sum(1).mean()) for p in parts])


def frechet(a, b):
    sides = [(x.astype(np.float64).mean(0), np.cov(x.astype(np.float64), rowvar=False)) for x in (a, b)]
    return calculate_frechet_distance(*sides[0], *sides[1])


def neighbours(references, samples, k=3):
    a, b = references.astype(np.float64), samples.astype(np.float64)
    distances = lambda x, y: ((x[:, None] - y[None]) ** 2).sum(2)
    radii = [np.sort(distances(x, x), 1)[:, k] for x in (a, b)]
    between = distances(a, b)
    return (between <= radii[0][:, None]).any(0).mean(), (between <= radii[1][None]).any(1).mean()


def structure(a, b, window):
    def smooth(x):
        x = F.conv2d(x, window.view(1, 1, -1, 1).repeat(3, 1, 1, 1), groups=3)
        return F.conv2d(x, window.view(1, 1, 1, -1).repeat(3, 1, 1, 1), groups=3)
    ma, mb = smooth(a), smooth(b)
    contrast = (2 * (smooth(a * b) - ma * mb) + 9e-4) / (smooth(a * a) - ma * ma + smooth(b * b) - mb * mb + 9e-4)
    return ((2 * ma * mb + 1e-4) / (ma * ma + mb * mb + 1e-4) * contrast).mean((2, 3)), contrast.mean((2, 3))


def pair_scores(original, changed):
    a, b = (torch.from_numpy(x)[None].permute(0, 3, 1, 2).double() / 255 for x in (original, changed))
    bell = torch.exp(-(torch.arange(11, dtype=torch.float32) - 5).square() / 4.5)
    window, scales = (bell / bell.sum()).double(), 1
    out = {"psnr": -10 * torch.log10((a - b).square().mean()), "ssim": structure(a, b, window)[0].mean()}
    for index, power in enumerate((0.0448, 0.2856, 0.3001, 0.2363, 0.1333)):
        full, contrast = structure(a, b, window)
        scales = scales * F.relu(full if index == 4 else contrast) ** power
        odd = [side % 2 for side in a.shape[2:]]
        a, b = F.avg_pool2d(a, 2, padding=odd), F.avg_pool2d(b, 2, padding=odd)
    return out | {"ms_ssim": scales.mean()}


def lpips(original, changed, generator):
    """AlexNet of few channels, tapped five times."""
    sizes = [(3, 4, 11, 4, 2), (4, 6, 5, 1, 2), (6, 8, 3, 1, 1), (8, 6, 3, 1, 1), (6, 4, 3, 1, 1)]
    layers = [nn.Conv2d(i, o, k, s, p) for i, o, k, s, p in sizes]
    weights = [torch.rand(1, o, 1, 1, generator=generator) for _, o, *_ in sizes]
    state = {}
    for layer, linear, index, number in zip(layers, weights, range(5), (0, 3, 6, 8, 10)):
        nn.init.normal_(layer.weight, 0, (2 / layer.weight[0].numel()) ** 0.5, generator=generator)
        nn.init.normal_(layer.bias, 0, 0.1, generator=generator)
        state |= {f"features.{number}.weight": layer.weight, f"features.{number}.bias": layer.bias, f"lin{index}.model.1.weight": linear}

    def maps(x):
        x = (2 * x - 1 - torch.tensor([-0.030, -0.088, -0.188]).view(3, 1, 1)) / torch.tensor([0.458, 0.448, 0.450]).view(3, 1, 1)
        for index, layer in enumerate(layers):
            x = F.relu(layer(F.max_pool2d(x, 3, 2) if index in (1, 2) else x))
            yield x / (x.square().sum(1, keepdim=True).sqrt() + 1e-10)

    with torch.no_grad():
        a, b = (torch.from_numpy(x)[None].permute(0, 3, 1, 2).float() / 255 for x in (original, changed))
        distance = sum(((p - q).square() * w).sum(1).mean() for p, q, w in zip(maps(a), maps(b), weights))
    return distance, {name: value.detach() for name, value in state.items()}


def main():
    generator, rng = torch.Generator().manual_seed(5), np.random.default_rng(5)
    torch.manual_seed(6)
    tensors, figures = {}, {}
    mix = rng.normal(0, 0.5, (16, 16))
    reference, samples = ((rng.normal(mean, 0.5, (count, 16)) @ mix).astype(np.float32) for mean, count in ((0.4, 60), (0.5, 50)))
    logits = rng.normal(0, 2, (50, 12)).astype(np.float32)
    tensors |= {"in.reference": reference, "in.samples": samples, "in.logits": logits}
    figures |= {"fid": frechet(reference, samples), "is": score(logits, 5000), "is_in_splits_of_20": score(logits, 20)}
    figures["precision"], figures["recall"] = neighbours(reference, samples)

    pair = pictures(1, 161, 164, generator)[0]
    changed = np.roll(np.round(0.9 * pair + 12).astype(np.uint8), 1, axis=0)
    tensors |= {"in.original": pair, "in.reconstruction": changed}
    figures |= pair_scores(pair, changed)
    figures["lpips_alexnet"], state = lpips(pair, changed, generator)
    tensors |= {f"param.alexnet.{name}": value.numpy() for name, value in state.items()}

    net, images = inception(), pictures(2, 40, 56, generator)
    found = features(net, images)
    tensors |= {f"param.inception.{name}": value.numpy() for name, value in net.state_dict().items() if "num_batches" not in name}
    tensors["in.images"] = images
    tensors |= {f"out.inception_{name}": value.astype(np.float64) for name, value in found.items()}

    tokens = rng.integers(0, 40, 300) % rng.integers(1, 40, 300)
    share = np.bincount(tokens, minlength=64) / 300
    entropy = -(share[share > 0] * np.log2(share[share > 0])).sum()
    tensors["in.tokens"] = tokens.astype(np.int32)
    figures |= {"codebook_usage": (share > 0).mean(), "entropy": entropy, "entropy_published": -(share * np.log2(share + 1e-8)).sum(), "perplexity": 2 ** entropy}
    tensors |= {f"out.{name}": np.array([float(value)]) for name, value in figures.items()}
    save_file({name: np.ascontiguousarray(value) for name, value in tensors.items()}, sys.argv[1])
    print({name: float(value) for name, value in figures.items()}, {name: float(np.abs(value).mean()) for name, value in found.items()})


if __name__ == "__main__":
    main()
