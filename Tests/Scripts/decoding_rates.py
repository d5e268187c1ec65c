"""Rates of Pillow and torchvision for what `restok bench decoding` times, on one core.

    python Tests/Scripts/decoding_rates.py --make FOLDER [COUNT]   # made-up JPEG files of 500 x 375
    python Tests/Scripts/decoding_rates.py FOLDER [SIDE...]        # images a second
    python Tests/Scripts/decoding_rates.py --pack FOLDER SIDE PROCESSES   # what `restok data pack --size SIDE` does

Needs Pillow, NumPy, PyTorch and torchvision. Files are in memory before the clock runs; the median of five
rounds after one that is not timed counts. The crops are torchvision's, but for `adm`, which is that of the
published programs: halvings and a cubic resize by Pillow, a crop by NumPy.
"""

import functools
import glob
import io
import math
import multiprocessing
import random
import sys
import tempfile
import time

import numpy as np
from PIL import Image


def make(folder, count):
    for index in range(count):
        generator = np.random.default_rng(index)
        total = np.zeros((375, 500, 3))
        for octave in range(1, 9):
            step = 2 ** (9 - octave)
            rows, columns = 375 // step + 2, 500 // step + 2
            noise = generator.normal(size=(rows, columns, 3)).astype(np.float32)
            noise = noise.mean(-1, keepdims=True) + 0.4 * (noise - noise.mean(-1, keepdims=True))
            planes = [Image.fromarray(np.ascontiguousarray(noise[..., c])) for c in range(3)]
            total += np.stack([np.asarray(p.resize((500, 375), Image.BICUBIC)) for p in planes], -1) / 1.7**octave
        pixels = np.clip(128 + 55 * total / total.std(), 0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(f"{folder}/{index:04d}.jpg", quality=90)


def decoded(file):
    return Image.open(io.BytesIO(file)).convert("RGB")


def adm(file, size, generator):
    image = decoded(file)
    side = generator.randint(size, math.ceil(size / 0.8))
    while min(image.size) >= 2 * side:
        image = image.resize(tuple(n // 2 for n in image.size), resample=Image.BOX)
    scale = side / min(image.size)
    image = np.array(image.resize(tuple(round(n * scale) for n in image.size), resample=Image.BICUBIC))
    y, x = (generator.randint(0, n - size) for n in image.shape[:2])
    image = image[y : y + size, x : x + size]
    return np.ascontiguousarray(image[:, ::-1] if generator.random() < 0.5 else image)


def preparations(sizes):
    from torchvision import transforms as T

    cubic = T.InterpolationMode.BICUBIC
    generator = random.Random(0)
    yield "decoded", lambda file: decoded(file)
    for size in sizes:
        centre = T.Compose([T.Resize(size, interpolation=cubic), T.CenterCrop(size)])
        resized = T.Compose([T.RandomResizedCrop(size, interpolation=cubic), T.RandomHorizontalFlip()])
        yield f"centre {size}", lambda file, t=centre: np.array(t(decoded(file)))
        yield f"adm {size}", lambda file, size=size: adm(file, size, generator)
        yield f"resized {size}", lambda file, t=resized: np.array(t(decoded(file)))


def centre(path, size):
    """The centre crop of a file: the short side to `size`, bicubic."""
    with Image.open(path) as file:
        image = file.convert("RGB")
    scale = size / min(image.size)
    image = image.resize([max(size, int(n * scale)) for n in image.size], Image.BICUBIC)
    left, top = (round((n - size) / 2) for n in image.size)
    return np.asarray(image.crop((left, top, left + size, top + size)))


def pack(folder, size, processes):
    """Centre crops of all files under a folder into one array on the disk, by several processes."""
    paths = sorted(glob.glob(folder + "/**/*.jpg", recursive=True))
    start = time.perf_counter()
    with tempfile.NamedTemporaryFile(suffix=".npy") as target, multiprocessing.Pool(processes) as pool:
        shape = (len(paths), size, size, 3)
        images = np.lib.format.open_memmap(target.name, mode="w+", dtype=np.uint8, shape=shape)
        crops = pool.imap(functools.partial(centre, size=size), paths, chunksize=64)
        for index, crop in enumerate(crops):
            images[index] = crop
        images.flush()
    seconds = time.perf_counter() - start
    print(f"{len(paths)} images in {seconds:.1f} s, {len(paths) / seconds:.0f} a second, {processes} processes")


def main():
    if sys.argv[1] == "--make":
        return make(sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 64)
    if sys.argv[1] == "--pack":
        return pack(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
    import torch

    torch.set_num_threads(1)
    files = []
    for path in sorted(glob.glob(sys.argv[1] + "/*")):
        with open(path, "rb") as file:
            files.append(file.read())
    for name, prepare in preparations([int(size) for size in sys.argv[2:]] or [64, 256]):
        seconds = []
        for round_number in range(6):
            start = time.perf_counter()
            for file in files:
                prepare(file)
            if round_number > 0:
                seconds.append(time.perf_counter() - start)
        each = sorted(seconds)[2] / len(files)
        print(f"{name:12}: {1 / each:.0f} images/s, {1e3 * each:.3f} ms an image")


if __name__ == "__main__":
    main()
