"""Small sound files of every kind, made by the program, and the commands that read them."""

import base64
import io
import json
import os
import struct
import sys
import tarfile
import tempfile
import zipfile

from commands import run
from kinds import Kind, PROJECT
from weight_files import WeightFiles

class SoundFiles:
    """Sound files of all kinds, made by the program."""

    def __init__(self, program, root):
        self.program = program
        self.root = root
        self.make()

    def path(self, *parts):
        return os.path.join(self.root, *parts)

    def restok(self, *words):
        folder = tempfile.mkdtemp(dir=self.root)
        status, _, errors = run([self.program, *words], folder, 600)
        if status != 0:
            sys.exit("mutate.py: %s ended with %s: %s" % (" ".join(words), status, errors))

    def make(self):
        smoke = os.path.join(PROJECT, "Configs", "smoke")
        few = ["steps=2", "checkpoint.every=1", "threads=1", "measure_rate=false",
               "run.output=" + self.path("runs")]
        self.restok("data", "digits", self.path("digits"))
        self.restok(
            "train", "tokenizer", smoke + "/tokenizer.yaml", "run.name=t",
            "data.train=" + self.path("digits/train"),
            "data.evaluation=" + self.path("digits/evaluation"), *few)
        self.make_pictures()
        self.tokenizer = self.path("runs/t")
        self.generator = self.path("runs/g")
        self.restok(
            "encode", "--model", self.tokenizer, "--data", self.path("set"),
            "--output", self.path("codes.h5"))
        self.restok(
            "train", "generator", smoke + "/generator.yaml", "run.name=g",
            "tokenizer=" + self.tokenizer, "data.codes=" + self.path("codes.h5"), "batch.lanes=1",
            "batch.per_lane=2", "model.classes=2", *few)
        self.restok(
            "checkpoint", "export", "--model", self.tokenizer,
            "--output", self.path("t.safetensors"))
        self.restok(
            "encode", "--model", self.tokenizer, "--images", self.path("pictures"),
            "--output", self.path("codes.npy"))

        self.weights = WeightFiles(self.program, self.path("weights"))
        self.weights.make(self.restok)

    def make_pictures(self):
        fixtures = os.path.join(PROJECT, "Tests/ImageFilesTests/Fixtures/decoding.json")
        with open(fixtures) as file:
            cases = json.load(file)
        for number, (name, ending) in enumerate([("png", "png"), ("jpeg", "jpg")]):
            for index, case in enumerate(cases[name][:6]):
                for folder in ["pictures", "folder/class-%d" % number]:
                    os.makedirs(self.path(folder), exist_ok=True)
                    with open(self.path(folder, "%d.%s" % (index, ending)), "wb") as file:
                        file.write(base64.b64decode(case["file"]))
        golden = os.path.join(PROJECT, "Tests/GoldenTests/Goldens/images")
        for index, name in enumerate(["lossy", "lossless", "lossy-alpha"]):
            with open(os.path.join(golden, "webp-%s.webp" % name), "rb") as file:
                picture = file.read()
            for folder in ["pictures", "folder/class-1"]:
                with open(self.path(folder, "%d.webp" % index), "wb") as file:
                    file.write(picture)
        self.restok("data", "pack", self.path("folder"), self.path("set"), "--keep")
        self.restok("data", "pack", self.path("folder"), self.path("squares"), "--size", "32")
        pixels = bytes(range(256)) * 12
        array = npy("|u1", (1, 32, 32, 3), pixels)
        with tarfile.open(self.path("pictures.tar"), "w") as archive:
            for label, name in enumerate(sorted(os.listdir(self.path("pictures")))):
                key, ending = "%02d" % label, name.split(".")[1]
                archive.add(self.path("pictures", name), key + "." + ending)
                member = tarfile.TarInfo(key + ".cls")
                text = str(label % 3).encode()
                member.size = len(text)
                archive.addfile(member, io.BytesIO(text))
        with open(self.path("list.txt"), "w") as file:
            file.write("class-0/0.png 0\nclass-1/0.jpg\t1\n# none\nclass-0/1.png 0\n")
        with open(self.path("images.npy"), "wb") as file:
            file.write(array)
        with zipfile.ZipFile(self.path("images.npz"), "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("arr_0.npy", array)

    def newest(self, run_folder):
        checkpoints = os.path.join(run_folder, "checkpoints")
        return sorted(name for name in os.listdir(checkpoints) if name.startswith("step-"))[-1]

    def kinds(self):
        """Every sort of file with its commands."""
        return (
            self.images_and_arrays() + self.configurations() + self.data_sets()
            + self.weights.kinds()
            + self.models("tokenizer", self.tokenizer, self.path("runs/t"))
            + self.models("generator", self.generator, self.path("runs/g")))

    def encode(self, model, *words):
        return [self.program, "encode", "--model", model, *words]

    def images_and_arrays(self):
        p, t = self.program, self.tokenizer

        def images(name):
            return [
                self.encode(t, "--images", "{in}" + name, "--output", "{out}.npy"),
                [p, "reconstruct", "--model", t, "--images", "{in}" + name, "--output", "{out}.npy"],
            ]

        # One class, beside which the data set is written.
        packs = images("/class")[:1] + [
            [p, "data", "pack", "{in}", "{out}", "--size", "32", "--skip-damaged"],
            [p, "data", "pack", "{in}", "{out}", "--keep"],
        ]
        weights = [
            [p, "checkpoint", "import", "{in}/t.safetensors", "--config", t + "/config.yaml",
             "--output", "{out}"],
            self.encode("{in}/t.safetensors", "--config", t + "/config.yaml",
                        "--images", self.path("images.npy"), "--output", "{out}.npy"),
        ]
        decode = [p, "decode", "--model", t, "--codes", "{in}/a.npy", "--output", "{out}.npy"]
        return [
            Kind("png", self.path("pictures/0.png"), "class/a.png", packs),
            Kind("jpeg", self.path("pictures/1.jpg"), "class/a.jpg", packs),
            Kind("webp", self.path("pictures/2.webp"), "class/a.webp", packs),
            Kind("npy", self.path("images.npy"), "a.npy", images("/a.npy")),
            Kind("npz", self.path("images.npz"), "a.npz", images("/a.npz")),
            Kind("codes.npy", self.path("codes.npy"), "a.npy", [decode]),
            Kind("tar", self.path("pictures.tar"), "a.tar", [
                [p, "data", "pack", "{in}/a.tar", "{out}", "--keep", "--skip-damaged"],
                [p, "data", "pack", "{in}/a.tar", "{out}", "--size", "16"],
                [p, "data", "index", "{in}/a.tar", "{out}", "--skip-damaged"],
            ]),
            Kind("list", self.path("list.txt"), "list.txt", [
                [p, "data", "pack", "{in}/list.txt", "{out}", "--keep"],
            ], folder=self.path("folder"), is_text=True),
            Kind("safetensors", self.path("t.safetensors"), "t.safetensors", weights),
        ]

    def resume(self, kind, steps):
        """Training that goes on in the run directory that holds the input."""
        return [self.program, "train", kind, "{in}/config.yaml", "run.output={in}/..",
                "run.name=in", "steps=%d" % steps]

    def configurations(self):
        p, t = self.program, self.tokenizer
        alone = [
            [p, "train", "tokenizer", "{in}/config.yaml", "--print-config"],
            [p, "checkpoint", "import", self.path("t.safetensors"), "--config",
             "{in}/config.yaml", "--output", "{out}"],
        ]
        of_run = [
            self.encode("{in}", "--images", self.path("images.npy"), "--output", "{out}.npy"),
            self.resume("tokenizer", 2),
        ]
        return [
            Kind("yaml", t + "/config.yaml", "config.yaml", alone, is_text=True),
            Kind("run yaml", t + "/config.yaml", "config.yaml", of_run, t, is_text=True),
            Kind("metrics", t + "/metrics.jsonl", "metrics.jsonl",
                 [self.resume("tokenizer", 3)], t, is_text=True),
        ]

    def data_sets(self):
        p, t, g = self.program, self.tokenizer, self.generator
        one = ["steps=1", "batch.lanes=1", "batch.per_lane=1"]
        data = [
            [p, "data", "info", "{in}"], [p, "data", "verify", "{in}"],
            self.encode(t, "--data", "{in}", "--output", "{out}.h5"),
            [p, "train", "tokenizer", t + "/config.yaml", "run.output={out}", "data.train={in}",
             "data.evaluation={in}", *one],
        ]
        codes = [
            [p, "data", "info", "{in}/codes.h5"],
            [p, "decode", "--model", t, "--codes", "{in}/codes.h5", "--output", "{out}.npy"],
            [p, "train", "generator", g + "/config.yaml", "run.output={out}", "tokenizer=" + t,
             "data.codes={in}/codes.h5", *one],
        ]
        files, squares = self.path("set"), self.path("squares")
        shard = next(name for name in os.listdir(squares) if name.endswith(".h5"))
        return [
            Kind("dataset.json", files + "/dataset.json", "dataset.json", data, files, True, data),
            Kind("squares.json", squares + "/dataset.json", "dataset.json", data, squares, True,
                 data),
            Kind("shard", os.path.join(squares, shard), shard, data, squares, readers=data),
            Kind("codes", self.path("codes.h5"), "codes.h5", codes, readers=codes),
        ]

    def models(self, kind, model, folder):
        """The files of a run's newest checkpoint; an older one stands beside it."""
        p = self.program
        step = self.newest(folder)
        informing = [
            [p, "checkpoint", "info", "{in}/checkpoints/" + step],
            [p, "checkpoint", "info", "{in}"],
        ]
        # What restores or verifies reads all files; a model is made of the weights that it is used with.
        whole = [[p, "checkpoint", "verify", "{in}"], self.resume(kind, 2)]
        models = [[p, "checkpoint", "export", "--model", "{in}", "--output", "{out}.safetensors"]]
        if kind == "tokenizer":
            models += [
                self.encode("{in}", "--images", self.path("images.npy"), "--output", "{out}.npy"),
                [p, "decode", "--model", "{in}", "--codes", self.path("codes.npy"),
                 "--output", "{out}.npy"],
            ]
        else:
            models.append(
                [p, "sample", "--tokenizer", self.tokenizer, "--generator", "{in}",
                 "--classes", "1", "--output", "{out}.npy"])
        result = []
        for file in sorted(os.listdir(os.path.join(folder, "checkpoints", step))):
            place = "checkpoints/%s/%s" % (step, file)
            commands = informing + whole + models
            readers = commands if file.endswith(".json") else whole
            if file.endswith(".ema.h5"):
                readers = whole + models
            result.append(
                Kind(kind + " " + file, os.path.join(folder, place), place, commands, folder,
                     file.endswith(".json"), readers))
        return result


def npy(kind, shape, data):
    header = "{'descr': '%s', 'fortran_order': False, 'shape': %s, }" % (kind, shape)
    header += " " * (-(len(header) + 11) % 64) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + data
