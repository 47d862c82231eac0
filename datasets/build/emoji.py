"""Rebuild datasets/emoji.zip from Debian's package fonts-noto-color-emoji 2.042-0+deb12u1.

Usage: python datasets/build/emoji.py [FONT or .deb] [--output FILE]

FONT is NotoColorEmoji.ttf where that package is installed or unpacked. Its PNG files are taken byte for byte, so that
no encoder has a say.
"""

import hashlib
import io
import subprocess
import tempfile
import zipfile
from pathlib import Path

from fontTools.ttLib import TTFont
from rebuild import rebuild

from course_lib.errors import CourseError

PACKAGE, VERSION = "fonts-noto-color-emoji", "2.042-0+deb12u1"
SHA256 = "e5899ed38b8ed83e08bd3ac5de09791e9d19d288333a796de1d35ad17396f1ec"  # of the font
INSTALLED = Path("/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf")
LICENCE = f"../../../doc/{PACKAGE}/copyright"  # seen from the font's folder; every copy has to carry it
# What CIFAR-10 counts to its classes: no vans or pickup trucks among the automobiles, only big trucks. Left out besides:
# what is hardly one (hatching chick, canoe), what is fancy (phoenix, unicorn), cats with hearts or tears.
EMOJI = {
    "airplane": "2708 1F6E9 1F6EB 1F6EC",
    "automobile": "1F3CE 1F693 1F694 1F695 1F696 1F697 1F698 1F699",
    "bird": "1F413 1F414 1F424 1F425 1F426 1F426-200D-2B1B 1F427 1F54A 1F983 1F985 1F986 1F989 1F99A 1F99C 1F9A2 "
    "1F9A4 1F9A9 1FABF",
    "cat": "1F408 1F408-200D-2B1B 1F431 1F638 1F63A 1F63C 1F63D 1F63E 1F640",
    "deer": "1F98C 1FACE",
    "dog": "1F415 1F415-200D-1F9BA 1F429 1F436 1F9AE",
    "frog": "1F438",
    "horse": "1F3A0 1F3C7 1F40E 1F434",
    "ship": "1F6A2 1F6A4 1F6E5 1F6F3 26F4 26F5",
    "truck": "1F692 1F69A 1F69B",
}


def locate(source, folder):
    """Return the Path of the font.

    Args:
        source: Path of the font or of Debian's package, or None to look for one.
        folder: Path of a folder for what has to be fetched and unpacked.
    Raises:
        CourseError: it is another font or version, or the package cannot be had.
    """
    if source is None and INSTALLED.is_file():
        source = INSTALLED
    try:
        if source is None:
            command = ["apt-get", "download", f"{PACKAGE}={VERSION}"]
            subprocess.run(command, cwd=folder, check=True, capture_output=True)
            source = next(folder.glob("*.deb"))
        if source.suffix == ".deb":
            subprocess.run(["dpkg-deb", "-x", source, folder], check=True, capture_output=True)
            source = folder / INSTALLED.relative_to("/")
    except (OSError, subprocess.CalledProcessError):
        raise CourseError(
            f"apt-get and dpkg-deb did not give the font of {PACKAGE} {VERSION}: name it in an unpacked copy."
        ) from None
    received = hashlib.sha256(source.read_bytes()).hexdigest()
    if received != SHA256:
        raise CourseError(
            f"{source} is not the font of {PACKAGE} {VERSION}: expected SHA-256 {SHA256}, received {received}; "
            "nothing was written."
        )
    return source


def make(source):
    """Pack the emoji, CLASS/CODEPOINTS.png, and the font's licence.

    Args:
        source: see `locate`.
    Returns:
        bytes of a ZIP file, nothing in it compressed again.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = locate(source, Path(folder))
        members = {"copyright": (path.parent / LICENCE).read_bytes()}
        with TTFont(path) as font:
            glyphs, (strike,) = font.getBestCmap(), font["CBDT"].strikeData
            tables = [table for lookup in font["GSUB"].table.LookupList.Lookup for table in lookup.SubTable]
            joined = {  # sequence of glyphs: the one glyph that is drawn for it
                (first, *ligature.Component): ligature.LigGlyph
                for table in tables
                for first, ligatures in getattr(table, "ligatures", {}).items()
                for ligature in ligatures
            }
            for thing, sequences in EMOJI.items():
                for sequence in sequences.split():
                    parts = tuple(glyphs[int(code, 16)] for code in sequence.split("-"))
                    glyph = joined[parts] if len(parts) > 1 else parts[0]
                    members[f"{thing}/{sequence}.png"] = strike[glyph].imageData
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name in sorted(members):
            member = zipfile.ZipInfo(name)  # dated 1980
            member.create_system, member.external_attr = 3, 0o644 << 16  # as on Unix, wherever it is made
            archive.writestr(member, members[name])
    return content.getvalue()


if __name__ == "__main__":
    rebuild("emoji.zip", __doc__, make, f"NotoColorEmoji.ttf in {PACKAGE} {VERSION}, or its .deb")
