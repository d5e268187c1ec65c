"""Writes golden files of the frozen networks at full size, with random weights in their public implementations.

  python3 make_networks.py OUT_DIR [--only NAME] [--small]
  RESTOK_GOLDEN_DIRECTORY=OUT_DIR swift test -c release --filter LossGoldenTests

Needs PyTorch, timm, torchvision, lpips, pytorch-fid and safetensors. The files of a large transformer take 1.2 GB. Each case is
losses/NAME.safetensors (evaluation/ for inception) beside its .json: "param.<name>" weights, "in.<name>" inputs, "out.<name>" results, "mid.<name>" values
inside, "grad.in.<name>" derivatives. --small writes the two transformers among the fixtures that nothing else makes.
Figures: Docs/Numerics.md, "Golden files".
"""
import argparse
import dataclasses
import json
import os

import torch
import torch.nn.functional as F
from functools import partial
from safetensors.torch import save_file
from torch import nn

try:
    import torchvision
except RuntimeError:  # A build for CUDA beside a PyTorch for CPUs lacks two operators.
    for operator in ("nms", "qnms"):
        torch.library.define("torchvision::" + operator, "(Tensor a, Tensor b, float c) -> Tensor")
    import torchvision
import lpips
import timm

IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
CLIP = ((0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711))
SYMMETRIC = ((0.5,) * 3, (0.5,) * 3)


@dataclasses.dataclass
class Transformer:
    kind: str
    width: int
    depth: int
    heads: int
    patch: int
    pos_grid: int = 0
    registers: int = 0
    input_size: int = 0
    eps: float = 1e-6
    tanh_gelu: bool = False


NAMES = dict(dinov3="vit_large_patch16_dinov3", dinov2="vit_large_patch14_dinov2", mae="vit_large_patch16_224",
             clip="vit_large_patch14_clip_224", siglip2="vit_large_patch16_siglip_256")
SIZES = {
    "vit-dino": Transformer("dino", 384, 12, 6, 16, 14, input_size=224, tanh_gelu=True),
    "vit-dinov3": Transformer("dinov3", 1024, 24, 16, 16, registers=4, eps=1e-5),
    "vit-dinov3-biased": Transformer("dinov3", 384, 12, 6, 16, registers=4, eps=1e-5),
    "vit-dinov2": Transformer("dinov2", 1024, 24, 16, 14, 37, input_size=224),
    "vit-mae": Transformer("mae", 1024, 24, 16, 16, 14),
    "vit-clip": Transformer("clip", 1024, 24, 16, 14, 16, input_size=224, eps=1e-5),
    "vit-siglip2": Transformer("siglip2", 1024, 24, 16, 16, 16),
}
SMALL = {
    "vit-dino": Transformer("dino", 24, 4, 3, 8, 3, input_size=32, tanh_gelu=True),
    "vit-dinov3-biased": Transformer("dinov3", 24, 2, 2, 4, registers=2, eps=1e-5),
}


def make(name, c, size):
    sizes = dict(patch_size=c.patch, embed_dim=c.width, depth=c.depth, num_heads=c.heads, num_classes=0)
    if c.kind == "dino":
        return timm.models.vision_transformer.VisionTransformer(
            img_size=c.pos_grid * c.patch, dynamic_img_size=True, act_layer=partial(nn.GELU, approximate="tanh"), **sizes)
    if name.endswith("biased"):
        return timm.models.eva.Eva(
            img_size=size, dynamic_img_size=True, qkv_bias=True, qkv_fused=True, init_values=1.0, rope_type="dinov3", rope_temperature=100,
            use_rot_pos_emb=True, use_abs_pos_emb=False, rope_rotate_half=True, num_reg_tokens=c.registers, use_fc_norm=False, norm_layer=partial(nn.LayerNorm, eps=c.eps),
            **sizes)
    return timm.create_model(NAMES[c.kind], pretrained=False, dynamic_img_size=True, img_size=c.pos_grid * c.patch or size, **sizes)


def enliven(net):
    """Weights under which every tensor counts in the result, and signals neither grow nor fade."""
    with torch.no_grad():
        for name, p in net.named_parameters():
            if "gamma" in name:
                p.copy_(0.5 + 0.1 * torch.randn_like(p))
            elif p.ndim == 1:
                p.add_(0.1 * torch.randn_like(p))
            elif "token" in name or "embed" in name and p.ndim == 3:
                p.copy_(0.5 * torch.randn_like(p))
            else:
                p.copy_(torch.randn_like(p) / p[0].numel() ** 0.5)
    return net.eval()


def write(out, name, config, tensors):
    os.makedirs(os.path.join(out, "losses"), exist_ok=True)
    path = os.path.join(out, "losses", name)
    save_file({k: v.detach().clone().contiguous() for k, v in tensors.items()}, path + ".safetensors")
    with open(path + ".json", "w") as file:
        json.dump(config, file, indent=1)
    print("wrote", path, flush=True)


def transformer(out, name, c, size):
    net, images = enliven(make(name, c, size)), torch.rand(2, 3, size, size)
    mean, deviation = {"clip": CLIP, "siglip2": SYMMETRIC}.get(c.kind, IMAGENET)
    x = (images - torch.tensor(mean).view(1, 3, 1, 1)) / torch.tensor(deviation).view(1, 3, 1, 1)
    if c.input_size:
        x = F.interpolate(x, size=(c.input_size,) * 2, mode="bicubic", align_corners=False)
    with torch.no_grad():
        tokens = net.forward_features(x)
    grid = x.shape[-1] // c.patch
    patches = tokens[:, -grid * grid:].transpose(1, 2).unflatten(2, (grid, grid))
    cls = patches.mean((2, 3)) if c.kind == "siglip2" else tokens[:, 0]
    state = {f"param.{k}": v for k, v in net.state_dict().items() if not k.startswith(("attn_pool", "head", "fc_norm")) and "k_bias" not in k}
    write(out, name, dataclasses.asdict(c), state | {
        "in.images": images, "mid.input": x, "out.tokens": tokens, "out.cls": cls, "out.patches": patches})


def distance(out, name, net, size):
    """The package lpips itself, whose linear layers are trained and whose networks get random weights here."""
    model = lpips.LPIPS(net=net, pnet_rand=True, verbose=False).eval()
    public = {"vgg": torchvision.models.vgg16, "alex": torchvision.models.alexnet}[net](weights=None).features
    for p in public.parameters():
        nn.init.kaiming_normal_(p) if p.ndim > 1 else nn.init.uniform_(p, 0, 0.1)
    mine = [m for part in model.net.children() for m in part if isinstance(m, nn.Conv2d)]
    theirs = [m for m in public if isinstance(m, nn.Conv2d)]
    for a, b in zip(mine, theirs, strict=True):
        a.load_state_dict(b.state_dict())
    a, b, cut = torch.rand(2, 3, size, size), torch.rand(2, 3, size, size, requires_grad=True), torch.randint(0, 16, (4,))

    def jittered(x):
        top, bottom, left, right = (int(v) for v in cut)
        x = F.pad(x, (15, 15, 15, 15), mode="replicate")[..., top:size + 30 - bottom, left:size + 30 - right]
        return F.interpolate(x, size=(size, size), mode="bicubic", align_corners=False)

    d = model(a, b, normalize=True).flatten()
    j = model(jittered(a), jittered(b), normalize=True).flatten()
    maps = [lpips.normalize_tensor(m) for m in model.net.forward(model.scaling_layer(2 * a - 1))]
    t = {f"param.features.{k}": v for k, v in public.state_dict().items()}
    t |= {f"param.lin{i}.model.1.weight": layer.model[1].weight for i, layer in enumerate(model.lins)}
    t |= {"in.a": a, "in.b": b, "in.jitter": cut, "out.distance": d, "out.distance_jittered": j, "mid.b_jittered": jittered(b)}
    t |= {"grad.in.b": torch.autograd.grad(d.mean(), b)[0], "grad.in.b.jittered": torch.autograd.grad(j.mean(), b)[0]}
    write(out, name, dict(net={"vgg": "vgg16", "alex": "alexnet"}[net], widths=model.chns), t | {f"mid.maps.{i}": m for i, m in enumerate(maps)})


def logits(out, name, size):
    """torchvision's ConvNeXt-S beside a small VGG-16."""
    net = enliven(torchvision.models.convnext_small(weights=None))
    for p in net.named_parameters():
        if "layer_scale" in p[0]:
            nn.init.constant_(p[1], 0.5)
    vgg = lpips.LPIPS(net="vgg", pnet_rand=True, verbose=False).eval()
    public = [m for part in vgg.net.children() for m in part]
    a, b = torch.rand(2, 3, size, size), torch.rand(2, 3, size, size, requires_grad=True)

    def seen(x):
        x = F.interpolate(x, size=224, mode="bilinear", antialias=True)
        return net((x - torch.tensor(IMAGENET[0]).view(1, 3, 1, 1)) / torch.tensor(IMAGENET[1]).view(1, 3, 1, 1))

    first, second = vgg(a, b, normalize=True).mean(), F.mse_loss(seen(a), seen(b))
    loss = (first + 0.1 * second) / 1.1
    t = {f"param.convnext.{k}": v for k, v in net.state_dict().items()}
    t |= {f"param.lpips.features.{i}.{k}": v for i, m in enumerate(public) for k, v in m.state_dict().items()}
    t |= {f"param.lpips.lin{i}.model.1.weight": layer.model[1].weight for i, layer in enumerate(vgg.lins)}
    config = dict(net="vgg16", widths=vgg.chns, convnext_widths=[96, 192, 384, 768], convnext_depths=[3, 3, 27, 3], lpips_weight=1.0, convnext_weight=0.1)
    write(out, name, config, t | {"in.a": a, "in.b": b, "out.lpips": first.view(1), "out.convnext": second.view(1), "out.loss": loss.view(1),
                                  "grad.in.b": torch.autograd.grad(loss, b)[0]})


def inception(out, name):
    """pytorch-fid's blocks of TensorFlow's graph in torchvision's network; its own function would download the weights."""
    from pytorch_fid import inception as fid
    net = torchvision.models.inception_v3(num_classes=1008, aux_logits=False, weights=None, init_weights=False)
    net.Mixed_5b = fid.FIDInceptionA(192, pool_features=32)
    net.Mixed_5c, net.Mixed_5d = fid.FIDInceptionA(256, pool_features=64), fid.FIDInceptionA(288, pool_features=64)
    net.Mixed_6b = fid.FIDInceptionC(768, channels_7x7=128)
    net.Mixed_6c, net.Mixed_6d = (fid.FIDInceptionC(768, channels_7x7=160) for _ in range(2))
    net.Mixed_6e = fid.FIDInceptionC(768, channels_7x7=192)
    net.Mixed_7b, net.Mixed_7c = fid.FIDInceptionE_1(1280), fid.FIDInceptionE_2(2048)
    with torch.no_grad():
        for n, t in net.state_dict().items():
            if "running_mean" in n or n.endswith("bn.bias"):
                t.normal_(0, 0.1)
            elif "running_var" in n or n.endswith("bn.weight"):
                t.uniform_(0.8, 1.25)
            elif t.ndim == 4:
                t.normal_(0, (2 / (t.shape[1] * t.shape[2] * t.shape[3])) ** 0.5)
    net.eval()
    images = torch.randint(0, 256, (1, 180, 260, 3), dtype=torch.uint8)

    def taps(size):
        position = torch.arange(299, dtype=torch.float32) * (torch.tensor(float(size)) / 299)
        low = position.long()
        return low, (low + 1).clamp(max=size - 1), position - low

    (top, bottom, down), (left, right, across) = taps(180), taps(260)
    x = images[0].float()
    rows = [x[r][:, left] + (x[r][:, right] - x[r][:, left]) * across[None, :, None] for r in (top, bottom)]
    resized = (rows[0] + (rows[1] - rows[0]) * down[:, None, None]).permute(2, 0, 1)
    seen, spatial = (resized[None] - 128) / 128, []
    net.Mixed_6d.branch1x1.register_forward_hook(lambda module, given, y: spatial.append(y))
    pool = []
    net.avgpool.register_forward_hook(lambda module, given, y: pool.append(y.flatten(1)))
    with torch.no_grad():
        logits = net(seen)
    state = {f"param.{k}": v for k, v in net.state_dict().items() if "num_batches" not in k}
    os.makedirs(os.path.join(out, "evaluation"), exist_ok=True)
    path = os.path.join(out, "evaluation", name)
    save_file({k: v.detach().clone().contiguous() for k, v in (state | {
        "in.0": images, "mid.resized": resized[:, ::23], "out.0.pool": pool[0][0],
        "out.0.spatial": spatial[0][0, :7].permute(1, 2, 0), "out.0.logits_unbiased": logits[0] - net.fc.bias}).items()}, path + ".safetensors")
    with open(path + ".json", "w") as file:
        json.dump(dict(width=1, classes=1008), file)
    print("wrote", path, flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out")
    parser.add_argument("--only", default="")
    parser.add_argument("--small", action="store_true")
    arguments = parser.parse_args()
    work = {name: partial(transformer, c=c, size=20 if arguments.small else 256)
            for name, c in (SMALL if arguments.small else SIZES).items()}
    if not arguments.small:
        work |= {"lpips-vgg16": partial(distance, net="vgg", size=256), "lpips-alexnet": partial(distance, net="alex", size=256),
                 "lpips-convnext": partial(logits, size=256), "inception": inception}
    for index, (name, run) in enumerate(work.items()):
        if arguments.only in name:
            torch.manual_seed(100 + index)
            run(arguments.out, name)


if __name__ == "__main__":
    main()
