"""What people send as a picture, and what is made of it: pixels, upright, and nothing else."""

import random
import struct
import zlib
from contextlib import suppress
from datetime import timedelta
from io import BytesIO

import pillow_heif
import pytest
from PIL import Image, ImageCms, ImageDraw, PngImagePlugin

from clock import now
from gateways import files, pictures

SECRETS = (b"Ava's kitchen", b"CameraMaker", b"40.7128", b"Exif", b"http://ns.adobe.com", b"ICC_PROFILE")
HEIC = "HEIF"
GPS, MAKE, NOTE, TURN = 0x8825, 0x010F, 0x010E, 0x0112


def scene(size=(320, 240), mode="RGB"):
    """Red on the left, blue on the right: what is up and what is left can be seen."""
    picture = Image.new(mode, size, (200, 30, 30) if mode == "RGB" else (200, 30, 30, 255))
    ImageDraw.Draw(picture).rectangle((size[0] // 2, 0, *size), fill=(30, 30, 200))
    return picture


def exif(turn=1):
    told = Image.Exif()
    told[MAKE], told[NOTE], told[TURN] = "CameraMaker", "Ava's kitchen", turn
    told.get_ifd(GPS).update({1: "N", 2: (40.0, 42.0, 46.08), 3: "W", 4: (74.0, 0.0, 21.6)})
    return told


def written(picture, kind, **facts):
    kept = BytesIO()
    if kind == HEIC:
        pillow_heif.from_pillow(picture).save(kept, **facts)
    else:
        picture.save(kept, kind, **facts)
    return kept.getvalue()


def made(content):
    pixels = pictures.reencoded(BytesIO(content))
    picture = Image.open(BytesIO(pixels.content))
    assert picture.format == "JPEG"
    assert picture.size == (pixels.width, pixels.height)
    return pixels, picture.convert("RGB")


def close(pixel, color, by=25):
    return all(abs(one - other) < by for one, other in zip(pixel, color, strict=True))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", HEIC])
def test_each_welcome_kind_comes_out_as_a_jpeg_without_metadata(kind):
    facts = {"exif": exif().tobytes()}
    if kind == "PNG":
        facts["pnginfo"] = PngImagePlugin.PngInfo()
        facts["pnginfo"].add_text("Comment", "Ava's kitchen")
    if kind in ("JPEG", "WEBP", "PNG"):
        facts["icc_profile"] = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    content = written(scene(), kind, **facts)
    assert b"CameraMaker" in content, "the test's own picture has no metadata"
    pixels, picture = made(content)
    assert picture.size == (320, 240)
    assert close(picture.getpixel((20, 120)), (200, 30, 30))
    assert close(picture.getpixel((300, 120)), (30, 30, 200))
    for secret in SECRETS:
        assert secret not in pixels.content, secret
    again = Image.open(BytesIO(pixels.content))
    assert dict(again.getexif()) == {}
    assert not {"exif", "icc_profile", "comment", "xmp", "photoshop"} & set(again.info)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_picture_that_was_taken_sideways_stands_upright(kind):
    content = written(scene(), kind, exif=exif(turn=6).tobytes())  # to be turned a quarter clockwise
    pixels, picture = made(content)
    assert (pixels.width, pixels.height) == (240, 320)
    assert close(picture.getpixel((120, 20)), (200, 30, 30)), "left is up now"
    assert close(picture.getpixel((120, 300)), (30, 30, 200))


def test_a_heic_is_turned_once_and_not_twice():
    """The file is turned by its own mark already; the camera's note about the same turn must not turn it again."""
    heif = pillow_heif.from_pillow(scene())
    kept = BytesIO()
    heif.save(kept, exif=exif(turn=6).tobytes())
    shown = pillow_heif.open_heif(BytesIO(kept.getvalue())).to_pillow()
    pixels, picture = made(kept.getvalue())
    assert (pixels.width, pixels.height) == shown.size
    assert close(picture.getpixel((5, 5)), shown.convert("RGB").getpixel((5, 5)))


def test_transparency_becomes_white():
    picture = scene(mode="RGBA")
    ImageDraw.Draw(picture).rectangle((0, 0, 80, 240), fill=(0, 0, 0, 0))
    for kind in ("PNG", "WEBP"):
        assert close(made(written(picture, kind))[1].getpixel((10, 10)), (255, 255, 255), by=8), kind
    palette = Image.new("P", (60, 60), 0)
    palette.putpalette([0, 0, 0, 255, 0, 0])
    assert close(made(written(palette, "PNG", transparency=0))[1].getpixel((9, 9)), (255, 255, 255), by=8)


@pytest.mark.parametrize("mode", ["L", "LA", "P", "1", "CMYK", "I;16"])
def test_unusual_colors_become_usual_ones(mode):
    if mode == "I;16":
        picture = Image.new(mode, (60, 60), 200 * 256)
    else:
        picture = Image.new("RGB", (60, 60), (200, 200, 200)).convert(mode, dither=Image.Dither.NONE)
    grey = made(written(picture, "JPEG" if mode == "CMYK" else "PNG"))[1].getpixel((30, 30))
    assert max(grey) - min(grey) < 8
    assert min(grey) > 180


def test_a_large_picture_is_made_smaller_and_keeps_its_shape():
    pixels, _ = made(written(scene((4000, 3000)), "JPEG"))
    assert (pixels.width, pixels.height) == (2400, 1800)
    pixels, _ = made(written(scene((3000, 4000)), "JPEG", exif=exif(turn=8).tobytes()))
    assert (pixels.width, pixels.height) == (2400, 1800)
    assert made(written(scene((3, 2)), "PNG"))[0].width == 3


def test_colors_of_another_profile_are_translated():
    theirs = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    theirs = theirs.replace(b"rXYZ", b"____").replace(b"bXYZ", b"rXYZ").replace(b"____", b"bXYZ")  # red is their blue
    plain = made(written(scene(), "PNG"))[1].getpixel((20, 120))
    assert close(made(written(scene(), "PNG", icc_profile=theirs))[1].getpixel((20, 120)), (30, 30, 200), by=40)
    assert close(made(written(scene(), "PNG", icc_profile=b"no profile at all"))[1].getpixel((20, 120)), plain)


def test_pictures_of_phones_with_more_behind_them_are_taken():
    """A moving picture's film, or a second picture, hangs behind the first: it goes with all that is not pixels."""
    content = written(scene(), "JPEG") + b"MotionPhoto_Data" + b"\0" * 2000
    assert b"MotionPhoto" not in made(content)[0].content
    two = BytesIO()
    scene().save(two, "MPO", save_all=True, append_images=[scene((64, 64))])
    assert made(two.getvalue())[1].size == (320, 240)
    moving = written(scene(), "WEBP", save_all=True, append_images=[Image.new("RGB", (320, 240))])
    assert close(made(moving)[1].getpixel((20, 120)), (200, 30, 30))


# --- refused ------------------------------------------------------------------------------------


def refused(content):
    with pytest.raises(pictures.NotAPicture) as no:
        pictures.reencoded(BytesIO(content))
    assert pictures.WELCOME in no.value.words
    return no.value.words


def png(*chunks):
    def chunk(name, body):
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*one) for one in chunks)


def test_other_files_are_named_and_refused():
    for content, words in (
        (b"%PDF-1.7\n%\xe2\xe3", "a PDF"),
        (b"\n  %PDF-1.4", "a PDF"),
        (written(scene(), "GIF"), "a GIF"),
        (written(scene(), "BMP"), "a bitmap"),
        (written(scene(), "TIFF"), "a TIFF"),
        (b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", "an SVG"),
        (b"<!doctype html><html>", "a web page"),
        (b"PK\3\4" + b"\0" * 40, "a ZIP"),
        (b"RIFF\0\0\0\0WAVEfmt ", "a sound"),
        (b"\0\0\0\x18ftypisom\0\0\0\0isommp42", "a video"),
        (b"\0\0\0\x18ftypavif\0\0\0\0avifmif1", "an AVIF"),
        (b"hello", "not a picture that we know"),
        (b"\0" * 100, "not a picture that we know"),
    ):
        assert words in refused(content), content[:20]
    assert "empty" in refused(b"")


def test_what_is_a_picture_and_something_else_at_once_is_refused():
    body = written(scene(), "JPEG")
    for code in (b"%PDF-1.7", b"<script>alert(1)</script>", b"<?php system(1);", b"<svg onload=1>"):
        comment = b"\xff\xfe" + struct.pack(">H", len(code) + 2) + code
        refused(body[:2] + comment + body[2:])
    refused(b"GIF89a" + body)


def test_a_picture_that_was_cut_off_is_refused():
    for kind in ("JPEG", "PNG", "WEBP", HEIC):
        noise = Image.effect_noise((300, 300), 90).convert("RGB")
        content = written(noise, kind)
        for part in (0.02, 0.3, 0.7, 0.95):
            assert "damaged" in refused(content[: int(len(content) * part) + 16]), (kind, part)


def test_a_picture_of_too_many_pixels_is_refused_before_it_is_opened(monkeypatch):
    header = struct.pack(">IIBBBBB", 10_000, 6_001, 8, 2, 0, 0, 0)
    bomb = png((b"IHDR", header), (b"IDAT", zlib.compress(b"\0" * 5000)), (b"IEND", b""))
    monkeypatch.setattr(Image.Image, "convert", lambda *_: pytest.fail("it was decoded"))
    assert "60 million pixels" in refused(bomb)
    header = struct.pack(">IIBBBBB", 2**31 - 1, 2**31 - 1, 8, 2, 0, 0, 0)
    assert "60 million pixels" in refused(png((b"IHDR", header), (b"IDAT", b""), (b"IEND", b"")))
    header = struct.pack(">IIBBBBB", 200_000, 1, 8, 2, 0, 0, 0)
    assert "long and thin" in refused(png((b"IHDR", header), (b"IDAT", b""), (b"IEND", b"")))


def test_a_file_of_more_than_fifteen_megabytes_is_refused_unread():
    stream = BytesIO(b"\xff\xd8\xff" + b"\0" * (40 * 1024 * 1024))
    with pytest.raises(pictures.NotAPicture, match="larger than 15 MB"):
        pictures.reencoded(stream)
    assert stream.tell() == pictures.MOST_BYTES + 1


def test_rubbish_never_raises_anything_else():
    """Bytes turned over at random in real files: a picture or a sentence, each time."""
    dice = random.Random(7)
    noise = Image.effect_noise((80, 80), 90).convert("RGB")
    for kind in ("JPEG", "PNG", "WEBP", HEIC):
        whole = written(noise, kind, exif=exif(3).tobytes())
        for _ in range(60):
            content = bytearray(whole)
            for _ in range(dice.randint(1, 30)):
                content[dice.randrange(len(content))] = dice.randrange(256)
            with suppress(pictures.NotAPicture):
                made(bytes(content))


# --- files --------------------------------------------------------------------------------------


def test_a_file_is_kept_under_a_random_name_for_us_alone(tmp_path):
    folder = tmp_path / "photos"
    names = {files.keep(folder, b"one", "jpg") for _ in range(3)}
    assert len(names) == 3
    assert {path.name for path in folder.iterdir()} == names, "no half-written file stays"
    for name in names:
        path = files.path(folder, name)
        assert path.read_bytes() == b"one"
        assert path.stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700
    files.drop(folder, name)
    files.drop(folder, name)
    assert len(list(folder.iterdir())) == 2


def test_a_name_leads_nowhere_else(tmp_path):
    for name in ("../secret_key", "a.jpg", "", "/etc/passwd", "x" * 32 + ".jpg/..", "\0"):
        with pytest.raises(ValueError, match="kept file"):
            files.path(tmp_path, name)


def test_a_file_that_cannot_be_finished_leaves_nothing(tmp_path, monkeypatch):
    def full(_handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="space"):
        files.keep(tmp_path, b"one", "jpg")
    assert list(tmp_path.iterdir()) == []


def test_what_nobody_points_to_is_swept(tmp_path):
    assert files.older_than(tmp_path / "none", now()) == []
    name = files.keep(tmp_path, b"one", "jpg")
    (tmp_path / f".{name}").write_bytes(b"half")
    assert files.older_than(tmp_path, now() - timedelta(minutes=1)) == []
    assert sorted(files.older_than(tmp_path, now() + timedelta(minutes=1))) == sorted([name, f".{name}"])
    assert files.sweep(tmp_path, [f".{name}"]) == 1
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_whole_file_that_nobody_points_to_is_moved_aside_and_never_deleted(tmp_path, caplog):
    names = [files.keep(tmp_path, b"one", "jpg") for _ in range(3)]
    assert files.sweep(tmp_path, names[:2]) == 2
    aside = tmp_path / files.LOST
    assert sorted(path.name for path in aside.iterdir()) == sorted(names[:2])
    assert all(path.read_bytes() == b"one" for path in aside.iterdir())
    assert aside.stat().st_mode & 0o777 == 0o700
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == names[2:]
    assert [line.getMessage().count("2 files") for line in caplog.records] == [1]
    assert files.older_than(tmp_path, now() + timedelta(minutes=1)) == names[2:], "the folder itself is left alone"
    assert files.sweep(tmp_path, names[:1]) == 1, "what went away meanwhile is no fault"
