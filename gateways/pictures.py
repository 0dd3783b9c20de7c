"""Reads a picture that somebody sent and makes a new one of it: only its pixels come through, never its file."""

import logging
import threading
import warnings
from dataclasses import dataclass
from io import BytesIO

import pillow_heif
from PIL import Image, ImageCms, ImageOps

log = logging.getLogger("foyer.pictures")

MOST_MB = 15
MOST_BYTES = MOST_MB * 1024 * 1024
MOST_PIXELS = 60_000_000  # looked at before anything is decoded
TOO_MANY_PIXELS = f"This picture has more than {MOST_PIXELS // 1_000_000} million pixels."
LONGEST_SIDE = 2400
QUALITY = 88
WELCOME = f"Send a JPEG, PNG, WebP or HEIC picture of up to {MOST_MB} MB."
OTHERS = (  # what people send by mistake: how the file begins, and what it then is
    (b"%PDF", "a PDF"),
    (b"GIF8", "a GIF"),
    (b"BM", "a bitmap (BMP)"),
    (b"II*\0", "a TIFF or a camera's raw picture"),
    (b"MM\0*", "a TIFF or a camera's raw picture"),
    (b"PK\3\4", "a ZIP or an office document"),
    (b"\xd0\xcf\x11\xe0", "an office document"),
    (b"RIFF", "a sound or a video"),
    (b"\x1a\x45\xdf\xa3", "a video"),
    (b"ID3", "a sound"),
    (b"8BPS", "a Photoshop document"),
)
HEIF_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
CODE = (b"%pdf-", b"<svg", b"<html", b"<script", b"<?php", b"<!doctype")  # no camera writes these into its first lines

_one_at_a_time = threading.Lock()  # a large picture takes a few hundred MB while it is open
_srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


class NotAPicture(Exception):
    """The file is not taken; `words` say why and what is welcome."""

    def __init__(self, why: str):
        super().__init__(why)
        self.words = f"{why} {WELCOME}"


@dataclass(frozen=True)
class Pixels:
    """A picture as it is kept: JPEG bytes, upright, without metadata."""

    content: bytes
    width: int
    height: int


def reencoded(stream) -> Pixels:
    """The picture in this stream of bytes, made anew. Raises NotAPicture, and nothing else, whatever the file holds."""
    content = stream.read(MOST_BYTES + 1)
    if not content:
        raise NotAPicture("This file is empty.")
    if len(content) > MOST_BYTES:
        raise NotAPicture(f"This file is larger than {MOST_MB} MB.")
    kind = _kind(content)
    with _one_at_a_time:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # about odd metadata and large sizes; both are looked at here
                return _made_anew(content, kind)
        except NotAPicture:
            raise
        except Image.DecompressionBombError as fault:
            raise NotAPicture(TOO_MANY_PIXELS) from fault
        except Exception as fault:  # decoders raise nearly everything over a file that was made to break them
            log.info("a picture could not be read: %s", type(fault).__name__)
            raise NotAPicture("This picture is damaged or was cut off on its way.") from fault


def _kind(content: bytes) -> str:
    """What the file is by what stands in it; its name and what the browser calls it are not asked."""
    start = content[:1024].lower()
    if any(mark in start for mark in CODE):
        known = "a PDF" if b"%pdf-" in start else "an SVG" if b"<svg" in start else "a web page or a program"
        raise NotAPicture(f"This file is {known}.")
    if content.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "WEBP"
    if content[4:8] == b"ftyp":
        brands = {content[8:12], *(content[at : at + 4] for at in range(16, min(content[3] or 64, 128), 4))}
        if content[8:12] in (b"avif", b"avis"):
            raise NotAPicture("This file is an AVIF picture.")
        if brands & HEIF_BRANDS:
            return "HEIF"
        raise NotAPicture("This file is a video.")
    for beginning, words in OTHERS:
        if content.startswith(beginning):
            raise NotAPicture(f"This file is {words}.")
    raise NotAPicture("This file is not a picture that we know.")


def _made_anew(content: bytes, kind: str) -> Pixels:
    picture = pillow_heif.open_heif(BytesIO(content)) if kind == "HEIF" else None
    if picture is not None:
        _check_size(picture.size)
        picture = picture.to_pillow()  # upright already: the format's own turn is applied as it is decoded
        picture.getexif().pop(0x0112, None)
    else:
        picture = Image.open(BytesIO(content), formats=[kind])
        _check_size(picture.size)
        picture.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))  # a JPEG is decoded no larger than it is needed
    profile = picture.info.get("icc_profile")
    picture = _plain(picture)
    picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
    picture = ImageOps.exif_transpose(picture)
    pixels = _in_srgb(picture, profile)
    clean = Image.frombytes("RGB", pixels.size, pixels.tobytes())  # nothing that hung on the old picture
    kept = BytesIO()
    clean.save(kept, "JPEG", quality=QUALITY, optimize=True)
    return Pixels(kept.getvalue(), *clean.size)


def _check_size(size) -> None:
    width, height = size
    if width * height > MOST_PIXELS:
        raise NotAPicture(TOO_MANY_PIXELS)
    if min(width, height) < 1 or max(width, height) > 30 * LONGEST_SIDE:
        raise NotAPicture("This picture is too long and thin.")


def _plain(picture):
    """Without transparency (on white, as paper is) and in eight bits a color."""
    if picture.mode.startswith("I") or picture.mode == "F":  # 16 bits a pixel: grey, scaled down
        picture = picture.point(lambda value: value / 256).convert("L")
    if picture.has_transparency_data:
        exif = picture.getexif()
        picture = picture.convert("RGBA")
        paper = Image.new("RGB", picture.size, "white")
        paper.paste(picture, mask=picture.getchannel("A"))
        paper.info["exif"] = exif.tobytes() if exif else b""
        return paper
    if picture.mode not in ("RGB", "CMYK", "L"):
        return picture.convert("RGB")
    return picture


def _in_srgb(picture, profile):
    """Colors as a screen shows them, since the profile that explains them does not stay with the picture."""
    if profile and picture.mode != "L":
        try:
            return ImageCms.profileToProfile(
                picture, ImageCms.ImageCmsProfile(BytesIO(profile)), _srgb, outputMode="RGB"
            )
        except (ImageCms.PyCMSError, OSError, ValueError):
            log.info("a picture's color profile could not be read")
    return picture.convert("RGB")
