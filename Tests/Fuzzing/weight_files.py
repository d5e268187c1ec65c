"""Sound files of weights in every format, and the commands that import them."""

import base64
import io
import json
import os
import struct
import zipfile

from kinds import Kind, PROJECT

CONFIGURATION = {
    "dim": 8, "n_layer": 1, "n_head": 2, "multiple_of": 8, "num_classes": 3, "vocab_size": 4,
    "block_size": 4, "ar_token_num": 2, "spe_token_num": 3, "max_seq_len": 2048,
}
TOKENIZER = {
    "codebook_size": 8192, "token_size": 8, "use_l2_norm": True, "commitment_cost": 0.25,
    "entropy_loss_ratio": 0.0, "vit_enc_model_size": "small", "vit_dec_model_size": "large",
    "vit_enc_patch_size": 16, "vit_dec_patch_size": 16, "rope_base_len": 10000,
    "num_latent_tokens": 128, "num_min_tokens": 4, "merge_tokens": True, "hierarchy_stages": 4,
    "vae_encoder": True, "use_vf": "dinov3", "decoder_feature_supervision": True,
}
GENERATOR_SECTION = {
    "model_type": "GPT-B", "vocab_size": "${model.vq_model.codebook_size}", "block_size": 128,
    "num_classes": 1000, "cls_token_num": 1, "gpt_type": "c2i", "dropout_p": 0.1,
    "token_dropout_p": 0.1, "drop_path_rate": 0.0, "har": True,
}


def safetensors(shapes, names):
    """A file of float32 tensors; element e of tensor n is ((37 n + e) % 64 - 32) / 64."""
    header, data = {}, b""
    for number, name in enumerate(sorted(shapes)):
        count = 1
        for size in shapes[name]:
            count *= size
        if name in names:
            values = [((37 * number + e) % 64 - 32) / 64 for e in range(count)]
            begin = len(data)
            data += struct.pack("<%df" % count, *values)
            header[name] = {
                "dtype": "F32", "shape": shapes[name], "data_offsets": [begin, len(data)]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + data


class WeightFiles:
    """Folders of published weights, one for each format, below a folder."""

    def __init__(self, program, root):
        self.program = program
        self.root = root
        path = os.path.join(PROJECT, "Tests/TrainingTests/Fixtures/published.json")
        with open(path) as file:
            fixtures = json.load(file)
        self.shapes = fixtures["shapes"]
        self.files = {name: base64.b64decode(text) for name, text in fixtures["files"].items()}

    def folder(self, name, files):
        folder = os.path.join(self.root, name)
        os.makedirs(folder)
        for file, content in files.items():
            with open(os.path.join(folder, file), "wb") as output:
                output.write(content)
        return folder

    def make(self, restok):
        """Writes all files, and imports one for the configuration that others are read with."""
        configuration = {"config.json": json.dumps(CONFIGURATION, indent=4).encode()}
        names = sorted(self.shapes)
        whole = safetensors(self.shapes, names)
        index = {"metadata": {"total_size": 1}, "weight_map": {
            name: "%d.safetensors" % (position % 2) for position, name in enumerate(names)}}
        shards = {
            "%d.safetensors" % part: safetensors(self.shapes, names[part::2]) for part in (0, 1)}
        shards["model.safetensors.index.json"] = json.dumps(index, indent=1).encode()
        preprocessing = {"preprocessing": {"crop_size": 256}}
        both = {"model": {"vq_model": TOKENIZER, "generator": GENERATOR_SECTION},
                "dataset": preprocessing, "training": {"seed": 1}}
        codes = safetensors({"quantize.embedding.weight": [2, 2]}, ["quantize.embedding.weight"])
        self.folders = {
            "safetensors": self.folder("whole", configuration | {"model.safetensors": whole}),
            "shards": self.folder("shards", configuration | shards),
            "tokenizer": self.folder("tokenizer", {
                "config.json": json.dumps(both, indent=4).encode(), "model.safetensors": codes}),
            "yaml": self.folder("yaml", {
                "config.yaml": json.dumps(both, indent=2).encode(), "model.safetensors": whole}),
        }
        for name, content in self.files.items():
            self.folders[name] = self.folder(
                name.replace(", ", "-"), configuration | {"pytorch_model.bin": content})
        self.run = os.path.join(self.root, "imported")
        restok("checkpoint", "import", "--published", self.folders["safetensors"],
               "--output", self.run)

    def kinds(self):
        p = self.program
        published = [p, "checkpoint", "import", "--published", "{in}", "--output", "{out}"]
        named = published[:5] + ["--config", "{in}/config.yaml"] + published[5:]

        def kind(name, folder, place, commands=(published,), is_text=False, status=0):
            commands = list(commands)
            if place.startswith(("model", "pytorch")):
                read = ["{in}/" + place, "--config", self.run + "/config.yaml", "--output"]
                commands += [
                    [p, "checkpoint", "import", *read, "{out}"],
                    [p, "checkpoint", "export", "--model", *read, "{out}.safetensors"],
                ]
            folder = self.folders[folder]
            return Kind("weights " + name, os.path.join(folder, place), place, commands, folder,
                        is_text, status=status)

        pickled = [kind(name, name, "pytorch_model.bin") for name in sorted(self.files)]
        inside = kind("pickle", "zip, wrapped", "pytorch_model.bin")
        inside.content, inside.wrap = taken_apart(inside.content)
        return pickled + [
            inside,
            kind("safetensors", "safetensors", "model.safetensors", is_text=True),
            kind("index", "shards", "model.safetensors.index.json", is_text=True),
            kind("shard", "shards", "1.safetensors", is_text=True),
            kind("config.json", "safetensors", "config.json", is_text=True),
            # Of these sizes there are no small weights: sound configurations meet others.
            kind("tokenizer config.json", "tokenizer", "config.json", is_text=True, status=65),
            kind("config.yaml", "yaml", "config.yaml", [named], is_text=True, status=65),
        ]


def taken_apart(archive):
    """The pickle of a file of torch.save, and what puts another one into its place with right checksums."""
    with zipfile.ZipFile(io.BytesIO(archive)) as source:
        entries = [(info.filename, source.read(info)) for info in source.infolist()]
    pickle = next(content for name, content in entries if name.endswith("/data.pkl"))

    def wrap(content):
        output = io.BytesIO()
        with zipfile.ZipFile(output, "w", zipfile.ZIP_STORED) as target:
            for name, old in entries:
                target.writestr(name, content if name.endswith("/data.pkl") else old)
        return output.getvalue()

    return pickle, wrap
