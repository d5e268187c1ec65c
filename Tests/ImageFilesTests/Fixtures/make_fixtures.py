"""Writes the expected values of ImageFilesTests with Pillow and PyTorch.

    python Tests/ImageFilesTests/Fixtures/make_fixtures.py

Made with Pillow 13.0 (libjpeg-turbo 3.2) and PyTorch 2.13. The tests read the JSON files and do not
need Python. Bytes are base64; pixels are [height, width, 3].
"""

import base64
import io
import json
import pathlib
import struct
import zlib

import numpy as np
import torch
from PIL import Image

FOLDER = pathlib.Path(__file__).parent
RANDOM = np.random.default_rng(0)


def text(data):
    return base64.b64encode(bytes(data)).decode()


def save(name, value):
    (FOLDER / name).write_text(json.dumps(value, indent=0) + "\n")


def picture(height, width):
    """Smooth colours with a little noise, so that a JPEG of it is small but not trivial."""
    y, x = np.mgrid[0:height, 0:width]
    planes = [128 + 90 * np.sin(x / 4 + c) + 60 * np.cos(y / 3 - c) for c in range(3)]
    noise = RANDOM.integers(-8, 9, (height, width, 3))
    return np.clip(np.stack(planes, -1) + noise, 0, 255).astype(np.uint8)


# MARK: JPEG


def jpeg(image, **options):
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", **options)
    return buffer.getvalue()


def with_adobe_transform(data, transform):
    """The same file with another colour transform in its Adobe marker (2 makes CMYK a YCCK)."""
    at = data.index(b"Adobe") + 11
    return data[:at] + bytes([transform]) + data[at + 1 :]


def jpeg_files():
    image = Image.fromarray(picture(17, 19))
    cmyk = Image.fromarray(RANDOM.integers(0, 256, (4, 5, 4), dtype=np.uint8), "CMYK")
    cmyk = cmyk.resize((19, 17), Image.BICUBIC)
    return {
        "grey": jpeg(image.convert("L"), quality=80),
        "ycbcr-444": jpeg(image, quality=85, subsampling=0),
        "ycbcr-422": jpeg(image, quality=85, subsampling=1),
        "ycbcr-420": jpeg(image, quality=75, subsampling=2),
        "progressive": jpeg(image, quality=75, progressive=True),
        "restart-markers": jpeg(image, quality=75, restart_marker_rows=1),
        "rgb": jpeg(image, quality=75, keep_rgb=True),
        "cmyk": jpeg(cmyk, quality=75),
        "ycck": with_adobe_transform(jpeg(cmyk, quality=75), 2),
    }


# MARK: PNG (written here, because Pillow writes neither interlaced nor most 16-bit files)

GREY, RGB, PALETTE, GREY_ALPHA, RGB_ALPHA = 0, 2, 3, 4, 6
CHANNELS = {GREY: 1, RGB: 3, PALETTE: 1, GREY_ALPHA: 2, RGB_ALPHA: 4}
ADAM7 = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def packed_rows(samples, depth):
    rows = b""
    for row in samples.reshape(samples.shape[0], -1):
        if depth == 16:
            packed = row.astype(">u2").tobytes()
        elif depth == 8:
            packed = row.astype(np.uint8).tobytes()
        else:
            bits = ((row[:, None] >> np.arange(depth)[::-1]) & 1).astype(np.uint8)
            packed = np.packbits(bits.reshape(-1)).tobytes()
        rows += b"\0" + packed
    return rows


def png(kind, depth, palette=None, transparency=None, interlaced=False, height=5, width=9):
    limit = len(palette) if palette is not None else 1 << depth
    samples = RANDOM.integers(0, limit, (height, width, CHANNELS[kind]))
    passes = [samples[top::down, left::right] for top, left, down, right in ADAM7] if interlaced else [samples]
    data = b"".join(packed_rows(part, depth) for part in passes if part.size)
    file = b"\x89PNG\r\n\x1a\n"
    file += chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, int(interlaced)))
    if palette is not None:
        file += chunk(b"PLTE", palette.astype(np.uint8).tobytes())
    if transparency is not None:
        file += chunk(b"tRNS", transparency)
    return file + chunk(b"IDAT", zlib.compress(data, 9)) + chunk(b"IEND", b"")


def colours(count):
    return RANDOM.integers(0, 256, (count, 3))


def png_files():
    return {
        "grey-1": png(GREY, 1),
        "grey-2": png(GREY, 2),
        "grey-4": png(GREY, 4),
        "grey-8": png(GREY, 8),
        "grey-16": png(GREY, 16),
        "grey-transparent": png(GREY, 8, transparency=struct.pack(">H", 7)),
        "grey-4-transparent": png(GREY, 4, transparency=struct.pack(">H", 7)),
        "grey-alpha": png(GREY_ALPHA, 8),
        "grey-alpha-16": png(GREY_ALPHA, 16),
        "rgb": png(RGB, 8),
        "rgb-16": png(RGB, 16),
        "rgb-transparent": png(RGB, 8, transparency=struct.pack(">HHH", 1, 2, 3)),
        "rgb-alpha": png(RGB_ALPHA, 8),
        "rgb-alpha-16": png(RGB_ALPHA, 16),
        "palette-1": png(PALETTE, 1, palette=colours(2)),
        "palette-2": png(PALETTE, 2, palette=colours(4)),
        "palette-4": png(PALETTE, 4, palette=colours(11)),
        "palette-8": png(PALETTE, 8, palette=colours(40)),
        "palette-transparent": png(PALETTE, 8, palette=colours(9), transparency=bytes([0, 128, 255])),
        "interlaced": png(RGB, 8, interlaced=True),
        "interlaced-grey-2": png(GREY, 2, interlaced=True),
        "interlaced-palette": png(PALETTE, 4, palette=colours(16), interlaced=True),
    }


def decoded(name, data):
    image = Image.open(io.BytesIO(data))
    pixels = np.asarray(image.convert("RGB"))
    height, width, _ = pixels.shape
    return {"name": name, "file": text(data), "height": height, "width": width, "pixels": text(pixels.tobytes())}


# MARK: Resizing


def resize(image, height, width, kernel=Image.BICUBIC):
    """Along the rows, then along the columns: the order of every Pillow before 13, which began to
    start with the columns where the height shrinks by more than twice what the width does."""
    return image.resize((width, image.height), kernel).resize((width, height), kernel)


def expected(name, image):
    pixels = np.asarray(image)
    return {"name": name, "height": pixels.shape[0], "width": pixels.shape[1], "pixels": text(pixels.tobytes())}


def reduced(image, short_side):
    while min(image.size) >= 2 * short_side:
        image = resize(image, image.height // 2, image.width // 2, Image.BOX)
    scale = short_side / min(image.size)
    return resize(image, round(image.height * scale), round(image.width * scale))


def square(image, top, left, size):
    return image.crop((left, top, left + size, top + size))


def resizes():
    source = RANDOM.integers(0, 256, (29, 37, 3), dtype=np.uint8)
    image = Image.fromarray(source)
    sizes = [(29, 11), (9, 37), (13, 17), (33, 21), (1, 1), (3, 40), (30, 16)]
    cases = [expected("bicubic", resize(image, height, width)) for height, width in sizes]
    cases += [expected("box", resize(image, height, width, Image.BOX)) for height, width in [(14, 18), (10, 11)]]
    short = resize(image, 12, int(12 * 37 / 29))
    left = round((short.width - 12) / 2)
    cases.append(expected("evaluation", square(short, 0, left, 12)))
    for size in [7, 13, 16]:
        small = reduced(image, size)
        cases.append(expected("adm-centre", square(small, (small.height - size) // 2, (small.width - size) // 2, size)))
    # Short side 14 from 12...15, then top 1 and left 3.
    cases.append(expected("adm-random", square(reduced(image, 14), 1, 3, 12)))
    return {"height": 29, "width": 37, "pixels": text(source.tobytes()), "cases": cases}


def checksum(data):
    """64-bit FNV-1a."""
    state = 0xCBF29CE484222325
    for byte in data:
        state = (state ^ byte) * 0x100000001B3 % (1 << 64)
    return str(state)


def large_resizes():
    """Photo-sized images by a formula; only checksums are kept."""
    height, width = 375, 500
    y, x, c = np.mgrid[0:height, 0:width, 0:3]
    image = Image.fromarray(((x * x * 7 + x * y * 13 + y * y * 3 // 5 + c * 91) % 256).astype(np.uint8))
    results = []
    for target in [(256, 341), (128, 170), (480, 640), (94, 125), (37, 333)]:
        for name, kernel in [("bicubic", Image.BICUBIC), ("box", Image.BOX)]:
            pixels = np.asarray(resize(image, target[0], target[1], kernel))
            results.append({"name": name, "height": target[0], "width": target[1], "checksum": checksum(pixels.tobytes())})
    return {"height": height, "width": width, "cases": results}


def float_bicubic():
    cases = []
    for (height, width), (new_height, new_width) in [((8, 8), (24, 16)), ((5, 7), (12, 9)), ((9, 6), (4, 5)), ((1, 3), (2, 8))]:
        plane = RANDOM.random((height, width), dtype=np.float32)
        result = torch.nn.functional.interpolate(
            torch.from_numpy(plane)[None, None], size=(new_height, new_width), mode="bicubic", align_corners=False)[0, 0]
        cases.append({
            "height": height, "width": width, "plane": text(plane.tobytes()),
            "newHeight": new_height, "newWidth": new_width, "expected": text(result.numpy().tobytes())})
    return cases


save("decoding.json", {
    "jpeg": [decoded(name, data) for name, data in jpeg_files().items()],
    "png": [decoded(name, data) for name, data in png_files().items()]})
save("resizing.json", resizes())
save("large-resizing.json", large_resizes())
save("float-bicubic.json", float_bicubic())
