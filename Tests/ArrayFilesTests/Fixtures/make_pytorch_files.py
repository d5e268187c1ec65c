"""Writes the files of PyTorch that ArrayFilesTests reads, with their contents, into pytorch.json.

    python Tests/ArrayFilesTests/Fixtures/make_pytorch_files.py

Made with PyTorch 2.13. The tests read the JSON file and do not need Python. Files are base64; the keys of
storages in the legacy format are addresses, so that another run writes other bytes.
"""

import argparse
import base64
import io
import json
import os
import pathlib
from collections import OrderedDict

import torch

FOLDER = pathlib.Path(__file__).parent
TYPES = {
    torch.float16: "float16", torch.bfloat16: "bfloat16", torch.float32: "float32",
    torch.float64: "float64", torch.int8: "int8", torch.int16: "int16", torch.int32: "int32",
    torch.int64: "int64", torch.uint8: "uint8", torch.bool: "boolean",
}
FORMATS = {
    "zip": {}, "legacy": {"_use_new_zipfile_serialization": False},
    "zip 4": {"pickle_protocol": 4},
    "legacy 4": {"_use_new_zipfile_serialization": False, "pickle_protocol": 4},
}


def saved(value, **options):
    buffer = io.BytesIO()
    torch.save(value, buffer, **options)
    return base64.b64encode(buffer.getvalue()).decode()


def described(name, tensor):
    numbers = tensor.detach().reshape(-1)
    numbers = numbers.float() if tensor.is_floating_point() else numbers.long()
    return {
        "name": name, "elementType": TYPES[tensor.dtype], "shape": list(tensor.shape),
        # As texts, because JSON's numbers would lose digits of whole ones.
        "elements": [repr(number) for number in numbers.tolist()],
    }


def leaves(value, name=""):
    if isinstance(value, torch.Tensor):
        yield described(name, value)
        return
    pairs = value.items() if isinstance(value, dict) else (
        enumerate(value) if isinstance(value, (list, tuple)) else [])
    for key, inner in pairs:
        yield from leaves(inner, f"{name}.{key}" if name else f"{key}")


def state_dict():
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.BatchNorm1d(3))
    return model.state_dict()


def types():
    numbers = torch.tensor([0, 1, -2, 1 / 3, 1e-5, 70000.0])
    result = {name: numbers.to(type) for type, name in TYPES.items()
              if type.is_floating_point and type != torch.float16}
    result["float16"] = numbers[:5].half()
    result["float64"] = numbers.double() / 3
    for type in [torch.int8, torch.int16, torch.int32, torch.int64]:
        limits = torch.iinfo(type)
        result[TYPES[type]] = torch.tensor([limits.min, -1, 0, limits.max], dtype=type)
    result["uint8"] = torch.tensor([0, 255], dtype=torch.uint8)
    result["boolean"] = torch.tensor([[True], [False]])
    return result


def views():
    base = torch.arange(24, dtype=torch.float32)
    block = base.view(2, 3, 4)
    half = torch.arange(6).half().view(2, 3)
    return OrderedDict([
        ("base", base), ("block", block), ("transposed", block.transpose(0, 2)),
        ("permuted", block.permute(1, 2, 0)), ("tail", base[20:]), ("slice", block[:, 1:, ::2]),
        ("expanded", base[3:4].expand(2, 3)), ("windows", base.as_strided((4, 3), (2, 1), 5)),
        ("diagonal", block[0].diagonal()), ("scalar", base[7]), ("empty", base[24:]),
        ("empty block", torch.zeros(0, 3)), ("single axes", block[:1, :, 2:3]),
        ("half", half.t()), ("bytes", torch.arange(6, dtype=torch.uint8).view(2, 3).t()),
        ("longs", torch.arange(6).view(2, 3).t()), ("same", base),
    ])


def tree():
    return {
        "model": state_dict(), "step": 3, "rate": 0.1, "large": -(2**40), "none": None,
        "flags": [True, False, None, ("a", -5, 70000, 2.0**-40)], "empty": [{}, (), []],
        "name": "größe", 7: "seven",
        "optimizer": {"state": {0: {"step": torch.tensor(3.0)}}, "groups": [{"params": [0, 1]}]},
    }


class Call:
    def __reduce__(self):
        return os.system, ("true",)


def refused():
    layer = torch.nn.Linear(1, 1)
    real = torch.ones(2)
    return {
        "posix.system": {"a": real, "b": Call()},
        "argparse.Namespace": {"args": argparse.Namespace(rate=1)},
        "torch.Size": [real.shape],
        "torch.nn.modules.linear.Linear": layer,
        "torch._utils._rebuild_tensor_v3": torch.ones(2).to(torch.uint16),
        "torch._utils._rebuild_sparse_tensor": torch.eye(2).to_sparse(),
        "torch.ComplexFloatStorage": torch.ones(1, dtype=torch.complex64),
        "hooks or metadata": torch._neg_view(real),
        "torch._utils._rebuild_parameter_with_state": with_attribute(),
        "torch.device": {"device": torch.device("cpu")},
        "__builtin__.set": {1, 2},
        "_codecs.encode": {"bytes": b"\xff"},
        "__builtin__.complex": [1j],
        "9 bytes": {"seed": 2**64 - 1},
    }


def with_attribute():
    parameter = torch.nn.Parameter(torch.ones(1))
    parameter.mark = 1
    return parameter


def main():
    contents = {
        "state dict": state_dict(), "types": types(), "views": views(), "tree": tree(),
        "parameters": [torch.nn.Parameter(torch.ones(2, 1)), torch.nn.ParameterList(
            [torch.nn.Parameter(torch.zeros(1))]).state_dict()],
        "a tensor": torch.tensor([[1.5]]),
    }
    cases = []
    for name, value in contents.items():
        formats = FORMATS if name in ("state dict", "tree") else list(FORMATS)[:2]
        for format in formats:
            cases.append({
                "name": f"{name}, {format}", "file": saved(value, **FORMATS[format]),
                "tensors": list(leaves(value))})
    refusals = [
        {"name": name, "file": saved(value, **FORMATS[format])}
        for format in ["zip", "legacy"] for name, value in refused().items()]
    text = json.dumps({"cases": cases, "refusals": refusals}, indent=0)
    (FOLDER / "pytorch.json").write_text(text + "\n")


main()
