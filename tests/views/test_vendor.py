"""The scripts that other people wrote are exactly the ones that VENDOR.txt names."""

from hashlib import sha256
from pathlib import Path

VENDOR = Path(__file__).resolve().parents[2] / "static" / "vendor"


def listed():
    lines = (line.split() for line in (VENDOR / "VENDOR.txt").read_text().splitlines())
    return {words[3]: words[2] for words in lines if len(words) == 6}


def test_every_vendored_file_is_listed_and_unchanged():
    here = {path.name for path in VENDOR.iterdir() if path.suffix not in (".txt", ".br", ".gz")}
    assert set(listed()) == here
    for name, digest in listed().items():
        assert sha256((VENDOR / name).read_bytes()).hexdigest() == digest, f"{name} was changed"


def test_every_vendored_script_carries_its_version_and_licence():
    for name in listed():
        if name.endswith(".js"):
            stem = name.split(".min.js")[0].removesuffix(".umd")
            assert f"{stem}.LICENSE" in listed()
