"""Writes the trajectory that Tests/OptimizersTests/AdamWTrajectory.swift holds.

    python adamw_trajectory.py > ../OptimizersTests/AdamWTrajectory.swift

Three parameters take five steps of PyTorch's AdamW in two groups, with clipping and a moving average.
Values and gradients are multiples of 1/64 or 1/16 by a formula that the test repeats. Made with PyTorch 2.13.0.
"""

import torch

SHAPES = [("matrix.weight", (3, 7)), ("matrix.bias", (5,)), ("norm.weight", (2, 3))]
RATES = [0.0, 5e-3, 1e-2, 7.5e-3, 2.5e-3]
LIMIT, DECAY, AVERAGE_DECAY = 4.0, 0.1, 0.3


def numbers(shape, seed, unit):
    count = torch.Size(shape).numel()
    return torch.tensor([((i * 37 + seed * 11) % 64 - 32) * unit for i in range(count)]).view(shape)


def flat(tensors):
    return [value for tensor in tensors for value in tensor.detach().flatten().tolist()]


parameters = [torch.nn.Parameter(numbers(shape, k, 1 / 64)) for k, (_, shape) in enumerate(SHAPES)]
optimizer = torch.optim.AdamW(
    [dict(params=parameters[:1], weight_decay=DECAY), dict(params=parameters[1:], weight_decay=0.0)],
    betas=(0.9, 0.95), eps=1e-8)
averages = [p.detach().clone() for p in parameters]
values, moving, norms = [], [], []
for step, rate in enumerate(RATES):
    for group in optimizer.param_groups:
        group["lr"] = rate
    for k, p in enumerate(parameters):
        p.grad = numbers(p.shape, 3 * step + k + 5, 1 / 16)
    norms.append(torch.nn.utils.clip_grad_norm_(parameters, LIMIT).item())
    optimizer.step()
    d = 0.0 if step == 0 else min((1 + step) / (10 + step), AVERAGE_DECAY)
    with torch.no_grad():
        for average, p in zip(averages, parameters):
            average.lerp_(p, 1 - d)
    values.append(flat(parameters))
    moving.append(flat(averages))


def swift(name, comment, rows):
    print(f"  /// {comment}\n  static let {name}: [[Double]] = [")
    for row in rows:
        print("    [")
        for i in range(0, len(row), 6):
            print("      " + ", ".join(f"{v:.9g}" for v in row[i:i + 6]) + ",")
        print("    ],")
    print("  ]")


print("/// Five steps of PyTorch's AdamW, written by Tests/Scripts/adamw_trajectory.py.")
print("enum AdamWTrajectory {")
swift("values", "The parameters after each step, one after the other.", values)
print()
swift("averages", "Their moving average after each step.", moving)
print()
swift("norms", "The gradients' norm before clipping.", [norms])
print("}")
