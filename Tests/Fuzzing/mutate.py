#!/usr/bin/env python3
"""Gives the real commands damaged files, and counts how they end.

    Tests/Fuzzing/mutate.py PROGRAM [--flips] [--count N] [--seed S] [--kinds A,B] [--jobs J]
        [--keep FOLDER] [--time-limit SECONDS]

PROGRAM is the built `restok`. The script makes small sound files of every kind with it (data sets, codes,
models, weights in every format, arrays, configurations; pictures come from the tests), measures how much memory each
command takes of them, and then runs the commands on N mutations: flipped bits, overwritten, repeated,
removed and inserted runs, cut files, and in texts other numbers. The n-th mutation of a seed is always
the same. A run fails when it ends by a signal, lasts longer than 20 s, takes 1 GiB more than the sound
file, or ends with a status that the README does not list. The end is a table, and status 1 when anything
failed; with --keep the failing inputs are kept.

With --flips a mutation is one flipped bit in a shard, a codes file, a checkpoint or the manifest of one,
given to a command that reads that file, and the run also fails when the bit goes unnoticed: the command
has to refuse the file, or to say that it passes the checkpoint over. No byte of these files is excepted.
"""

import argparse
import collections
import concurrent.futures
import os
import random
import re
import shutil
import sys
import tempfile
import time

from commands import TIME_LIMIT, run
from sound_files import SoundFiles

DOCUMENTED = {0, 64, 65, 70, 71, 72, 73, 75}
EXTRA_BYTES = 1 << 30
NUMBERS = [
    "0", "-1", "1", "2", "255", "16384", "65536", "2147483647", "2147483648", "4294967295", "4294967296",
    "4611686018427387904", "9223372036854775807", "9223372036854775808", "-9223372036854775808",
    "1e300", "-1e300", "1e-300", "0.5", "NaN", "999999999999999999999", "null", "true", "[]", "{}",
    '"x"',
]


def mutate(content, rng, is_text):
    """One to three changes to the bytes."""
    data = bytearray(content)
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        length = len(data)
        if length == 0:
            return bytes(data)
        position = rng.randrange(length)
        # Headers decide most, so half of the changes are there.
        if rng.random() < 0.5:
            position = min(position, rng.randrange(min(length, 2048)))
        size = min(length - position, rng.choice([1, 2, 4, 8, 24, 64, 512]))
        change = rng.randrange(9)
        if is_text and rng.random() < 0.5:
            change = 9
        if change <= 2:
            data[position] ^= 1 << rng.randrange(8)
        elif change == 3:
            data[position : position + size] = rng.randbytes(size)
        elif change == 4:
            data[position : position + size] = bytes([rng.choice([0, 255])]) * size
        elif change == 5:
            del data[position:]
        elif change == 6:
            data[position:position] = rng.randbytes(size)
        elif change == 7:
            del data[position : position + size]
        elif change == 8:
            data[position:position] = data[position : position + size] * rng.choice([1, 2, 16])
        else:
            numbers = list(re.finditer(rb"-?[0-9]+(\.[0-9e+-]+)?", bytes(data)))
            if numbers:
                number = rng.choice(numbers)
                data[number.start() : number.end()] = rng.choice(NUMBERS).encode()
    return bytes(data)


def flip(content, rng):
    """One other bit."""
    data = bytearray(content)
    data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return bytes(data)


def materialize(kind, content, folder):
    """Puts the (damaged) content where the commands look for it."""
    inside = os.path.join(folder, "in")
    if kind.folder is None:
        os.makedirs(os.path.dirname(os.path.join(inside, kind.place)) or inside, exist_ok=True)
    else:
        # Links for what is only read; a command that writes replaces files, it does not change them.
        shutil.copytree(kind.folder, inside, copy_function=copy_or_link(kind.place))
    path = os.path.join(inside, kind.place)
    if os.path.exists(path):
        os.unlink(path)
    with open(path, "wb") as file:
        file.write(kind.wrap(content))


def copy_or_link(place):
    def copy(source, target, **_):
        if source.endswith(".h5") and not target.endswith(place):
            os.link(source, target)
        else:
            shutil.copy(source, target)

    return copy


def attempt(kind, command, content, root, time_limit):
    folder = tempfile.mkdtemp(dir=root)
    try:
        materialize(kind, content, folder)
        words = [
            word.replace("{in}", os.path.join(folder, "in")).replace(
                "{out}", os.path.join(folder, "out"))
            for word in command
        ]
        return run(words, folder, time_limit)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def check(status, memory, allowed):
    """What is wrong with an end; None for nothing."""
    if status is None:
        return "hang"
    if status < 0:
        return "signal %d" % -status
    if status not in DOCUMENTED:
        return "undocumented status %d" % status
    if memory > allowed:
        return "memory: %d MiB" % (memory >> 20)
    return None


def main():
    parser = argparse.ArgumentParser(description="Damaged files through the real commands.")
    parser.add_argument("program")
    parser.add_argument("--flips", action="store_true")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kinds", default="")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--keep")
    parser.add_argument(
        "--time-limit", type=float, default=TIME_LIMIT,
        help="seconds after which a command hangs; more on a machine that is busy")
    options = parser.parse_args()
    base = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    root = tempfile.mkdtemp(prefix="mutate-", dir=base)
    try:
        sys.exit(work(options, root))
    finally:
        shutil.rmtree(root, ignore_errors=True)


def work(options, root):
    kinds = SoundFiles(os.path.abspath(options.program), root).kinds()
    if options.kinds:
        wanted = options.kinds.split(",")
        kinds = [kind for kind in kinds if any(word in kind.name for word in wanted)]
    if options.flips:
        kinds = [kind for kind in kinds if kind.readers]
        for kind in kinds:
            kind.commands = kind.readers
    jobs = [(kind, command) for kind in kinds for command in kind.commands]
    for kind, command in jobs:
        status, memory, errors = attempt(kind, command, kind.content, root, options.time_limit)
        if status != kind.status:
            print("sound %s: %s ended with %s: %s" % (
                kind.name, " ".join(command[1:4]), status, errors.strip()[-300:]))
        kind.memory[tuple(command)] = memory
    ends = collections.Counter()
    failures = []
    begun = time.monotonic()

    def one(number):
        rng = random.Random(options.seed * 1_000_003 + number)
        kind = kinds[number % len(kinds)]
        command = rng.choice(kind.commands)
        content = flip(kind.content, rng) if options.flips else mutate(
            kind.content, rng, kind.is_text)
        status, memory, errors = attempt(kind, command, content, root, options.time_limit)
        problem = check(status, memory, kind.memory[tuple(command)] + EXTRA_BYTES)
        if options.flips and status == 0 and "is damaged" not in errors:
            problem = "unnoticed"
        return number, kind, command, content, status, problem, errors

    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for number, kind, command, content, status, problem, errors in pool.map(
            one, range(options.count)
        ):
            ends[(kind.name, str(status))] += 1
            if problem:
                failures.append((kind.name, problem))
                print("%d: %s, %s, by %s: %s" % (
                    number, kind.name, problem, " ".join(command[1:3]),
                    errors.strip().replace("\n", " | ")[-300:]), flush=True)
                if options.keep:
                    os.makedirs(options.keep, exist_ok=True)
                    name = "%s-%d-%d" % (kind.name.replace(" ", "_"), options.seed, number)
                    with open(os.path.join(options.keep, name), "wb") as file:
                        file.write(kind.wrap(content))
            if (number + 1) % 1000 == 0:
                print("%d inputs, %d failures, %.0f s" % (
                    number + 1, len(failures), time.monotonic() - begun), flush=True)
    report(ends, failures, options.count, time.monotonic() - begun)
    return 1 if failures else 0


def report(ends, failures, count, seconds):
    names = sorted({name for name, _ in ends})
    statuses = sorted({status for _, status in ends}, key=lambda s: (len(s), s))
    print("%-28s %s" % ("inputs that ended with", "".join("%8s" % s for s in statuses)))
    for name in names:
        print("%-28s %s" % (name, "".join("%8d" % ends[(name, s)] for s in statuses)))
    totals = [sum(ends[(name, s)] for name in names) for s in statuses]
    print("%-28s %s" % ("all", "".join("%8d" % total for total in totals)))
    for (name, problem), number in collections.Counter(failures).most_common():
        print("FAILED: %s: %s, %d times" % (name, problem, number))
    print("%d inputs in %.0f s, %d failures" % (count, seconds, len(failures)))


if __name__ == "__main__":
    main()
