#!/usr/bin/env python3
"""Damages the newest checkpoint of a run in many ways, and has training go on each time.

    Tests/Fuzzing/resume.py PROGRAM [--count N] [--seed S]

PROGRAM is the built `restok`. Every file of the newest checkpoint in turn gets a flipped bit, is cut, loses
bytes, gets bytes inserted, zeroed, repeated or overwritten, or is removed. Training has to go on after the
older checkpoint beside it, to say so, and to end with the same digest as a run that was not damaged. Status 1
when one of the N ways (200 if left out) does not hold.
"""

import argparse
import collections
import os
import random
import shutil
import subprocess
import sys
import tempfile

from commands import run
from sound_files import SoundFiles

STEPS = 3


def flip(data, place, rng):
    data[place] ^= 1 << rng.randrange(8)


def cut(data, place, rng):
    del data[place:]


def insert(data, place, rng):
    data[place:place] = rng.randbytes(rng.randrange(1, 100))


def remove(data, place, rng):
    del data[place : place + rng.randrange(1, 200)]


def zero(data, place, rng):
    size = min(512, len(data) - place)
    data[place : place + size] = bytes(size)


def repeat(data, place, rng):
    data[place:place] = data[place : place + 512]


def overwrite(data, place, rng):
    size = min(64, len(data) - place)
    data[place : place + size] = rng.randbytes(size)


DAMAGES = [flip, cut, insert, remove, zero, repeat, overwrite, None]


def damage(path, change, rng):
    """Changes a file for sure, or removes it for None."""
    if change is None:
        os.unlink(path)
        return
    with open(path, "rb") as file:
        sound = file.read()
    data = bytearray(sound)
    change(data, rng.randrange(len(data)), rng)
    if bytes(data) == sound:
        flip(data, rng.randrange(len(data)), rng)
    # A new file: the old one may be a link to the sound one.
    os.unlink(path)
    with open(path, "wb") as file:
        file.write(data)


def digest(program, folder):
    result = subprocess.run(
        [program, "checkpoint", "verify", "--digest", folder], capture_output=True, text=True)
    return result.stdout.split()[:1] if result.returncode == 0 else None


def main():
    parser = argparse.ArgumentParser(description="Training beside a damaged newest checkpoint.")
    parser.add_argument("program")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    base = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    root = tempfile.mkdtemp(prefix="resume-", dir=base)
    try:
        sys.exit(work(os.path.abspath(options.program), options, root))
    finally:
        shutil.rmtree(root, ignore_errors=True)


def work(program, options, root):
    files = SoundFiles(program, root)
    sound = files.generator
    newest = files.newest(sound)
    names = sorted(os.listdir(os.path.join(sound, "checkpoints", newest)))
    command = files.resume("generator", STEPS) + ["log.images_every=0"]
    expected = attempt(program, sound, command, root, lambda folder: None)
    if expected[0] != 0:
        sys.exit("resume.py: the sound run ends with %s: %s" % expected[:2])
    held, broken = collections.Counter(), 0
    for number in range(options.count):
        rng = random.Random(options.seed * 1_000_003 + number)
        name, change = names[number % len(names)], DAMAGES[number // len(names) % len(DAMAGES)]
        status, errors, found = attempt(
            program, sound, command, root,
            lambda folder: damage(os.path.join(folder, "checkpoints", newest, name), change, rng))
        way = change.__name__ if change else "unlink"
        if status == 0 and "damaged and passed over" in errors and found == expected[2]:
            held[way] += 1
        else:
            broken += 1
            print("%d: %s of %s: status %s, digest %s: %s" % (
                number, way, name, status, found, errors.strip().replace("\n", " | ")[-300:]))
    print(", ".join("%s %d" % item for item in sorted(held.items())))
    print("%d ways, %d went on from the older checkpoint and said so, %d did not" % (
        options.count, sum(held.values()), broken))
    return 1 if broken else 0


def attempt(program, sound, command, root, prepare):
    """The status, the messages and the digest of training in a copy of the run."""
    folder = tempfile.mkdtemp(dir=root)
    try:
        inside = os.path.join(folder, "in")
        shutil.copytree(sound, inside)
        prepare(inside)
        words = [word.replace("{in}", inside) for word in command]
        status, _, errors = run(words, folder, 120)
        return status, errors, digest(program, inside)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
