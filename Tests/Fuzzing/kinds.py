"""Sorts of files that are damaged."""

import os

PROJECT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


class Kind:
    """Files of one sort, and the commands that read them.

    `source` is the sound file; `place` is where a command looks for the damaged one, below its own
    folder, which `folder` (if given) is copied to first. A command is a list of words in which {in} is that
    folder and {out} a name for what it writes. `readers` are the commands that have to notice one flipped
    bit in the file. `status` is how commands end with the sound file. `wrap` makes the file of the damaged
    content, where only a part of a file is damaged.
    """

    def __init__(self, name, source, place, commands, folder=None, is_text=False, readers=(),
                 status=0):
        self.name = name
        self.source = source
        self.place = place
        self.commands = commands
        self.folder = folder
        self.is_text = is_text
        self.readers = list(readers)
        self.status = status
        self.wrap = lambda content: content
        self.memory = {}
        with open(source, "rb") as file:
            self.content = file.read()
