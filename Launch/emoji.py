#!/usr/bin/env python3
"""Writes the emoji of Noto Color Emoji as pictures on white, one folder for each group of emoji-test.txt.

    Launch/emoji.py OUT_DIR

Reads NotoColorEmoji.ttf and emoji-test.txt as Debian's packages fonts-noto-color-emoji and unicode-data install
them. A sequence is looked up as one glyph through the font's ligatures; those that the font has no glyph for are
counted. Needs python3-fonttools and python3-pil.
"""
import io
import os
import re
import sys

from fontTools.ttLib import TTFont
from PIL import Image

FONT = "/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf"
LIST = "/usr/share/unicode/emoji/emoji-test.txt"


def ligatures(font):
    """The ligature glyph of each tuple of glyph names."""
    found = {}
    for lookup in font["GSUB"].table.LookupList.Lookup:
        for table in lookup.SubTable:
            table = getattr(table, "ExtSubTable", table)
            for first, ligature_set in getattr(table, "ligatures", {}).items():
                for ligature in ligature_set:
                    found[(first, *ligature.Component)] = ligature.LigGlyph
    return found


def bitmaps(font):
    """The PNG file of each glyph."""
    return {
        name: glyph.imageData
        for strike in font["CBDT"].strikeData
        for name, glyph in strike.items()
        if getattr(glyph, "imageData", None)
    }


def emoji(path):
    """Group, code points and name of each fully qualified emoji."""
    group = ""
    for line in open(path, encoding="utf-8"):
        if line.startswith("# group:"):
            group = line.split(":", 1)[1].strip()
        match = re.match(r"([0-9A-F ]+);\s*fully-qualified\s*#\s*\S+\s+E[0-9.]+\s+(.*)", line)
        if match:
            yield group, [int(code, 16) for code in match[1].split()], match[2].strip()


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    for path, package in ((FONT, "fonts-noto-color-emoji"), (LIST, "unicode-data")):
        if not os.path.exists(path):
            sys.exit(f"there is no {path}: install Debian's package {package}")
    font = TTFont(FONT)
    names, glyphs, pictures = font.getBestCmap(), ligatures(font), bitmaps(font)
    written, missing = 0, []
    for group, codes, name in emoji(LIST):
        folder = os.path.join(sys.argv[1], re.sub(r"[^A-Za-z]+", "-", group))
        os.makedirs(folder, exist_ok=True)
        # The font leaves out the selector of the coloured form, which is what it has.
        sequence = tuple(names[code] for code in codes if code in names and code != 0xFE0F)
        glyph = sequence[0] if len(sequence) == 1 else glyphs.get(sequence)
        if glyph not in pictures:
            missing.append(name)
            continue
        picture = Image.open(io.BytesIO(pictures[glyph])).convert("RGBA")
        white = Image.new("RGBA", picture.size, (255, 255, 255, 255))
        file = "-".join(f"{code:x}" for code in codes) + ".png"
        Image.alpha_composite(white, picture).convert("RGB").save(os.path.join(folder, file))
        written += 1
    print(f"{sys.argv[1]}: {written} emoji; the font has no picture of {len(missing)}")


if __name__ == "__main__":
    main()
