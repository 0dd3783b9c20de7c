"""The clinic's seal: an independent tool finds it valid, and one changed byte is found by it and by Foyer."""

import os
import re
import shutil
import stat
import subprocess
import threading
from dataclasses import replace
from io import BytesIO

import pytest

import settings
from gateways import pdf, seal

PAGE = """<!doctype html><html lang="en"><head><title>A consent</title></head><body><h1>A consent</h1>
<p>Zoë, שלום, مرحبا, 你好</p><img alt="" src="file:///etc/passwd"><img alt="" src="http://127.0.0.1:1/x.png"></body></html>"""


@pytest.fixture
def house(tmp_path):
    """A data folder without a key."""
    before = settings._current
    settings.use(settings.from_environment({"DATA_DIR": str(tmp_path), "SECRET_KEY": "s" * 40}))
    yield tmp_path
    settings.use(before)


@pytest.fixture(scope="module")
def plain():
    return pdf.made(PAGE)


@pytest.fixture
def sealed(house, plain):
    return seal.sign(plain, "The Test Clinic")


def pdfsig(file, folder):
    """What poppler says of the file's signatures. On the build server it must be there."""
    if shutil.which("pdfsig") is None:
        assert not os.environ.get("CI"), "poppler-utils is missing on the build server"
        pytest.skip("pdfsig is not installed (poppler-utils)")
    path = folder / "file.pdf"
    path.write_bytes(file)
    done = subprocess.run(["pdfsig", str(path)], capture_output=True, text=True, timeout=60)
    return done.stdout + done.stderr


def hole(sealed):
    """Where the seal itself stands, which cannot cover itself."""
    return tuple(int(number) for number in re.findall(rb"/ByteRange \[0 (\d+) (\d+) \d+\]", sealed)[-1])


def places(sealed):
    """Bytes all over the file: its text, the row of what is covered, the digest and key in the seal, the end."""
    before, after = hole(sealed)
    inside = [before + 60, before + 1200, before + 1700]
    return [9, 200, len(sealed) // 3, before - 30, *inside, after + 3, len(sealed) - 8]


def flipped(file, place, bit=1):
    changed = bytearray(file)
    changed[place] ^= bit
    return bytes(changed)


def test_an_independent_tool_finds_the_seal_valid_and_over_the_whole_file(sealed, tmp_path):
    said = pdfsig(sealed, tmp_path)
    assert "Signature is Valid" in said
    assert "Total document signed" in said
    assert "ETSI.CAdES.detached" in said
    assert "The Test Clinic" in said
    assert seal.intact(sealed) == seal.GENUINE


def test_pyhanko_itself_finds_a_certification_that_forbids_changes(sealed):
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.fields import MDPPerm
    from pyhanko.sign.validation import validate_pdf_signature
    from pyhanko_certvalidator import ValidationContext

    [found] = PdfFileReader(BytesIO(sealed)).embedded_signatures
    status = validate_pdf_signature(found, ValidationContext(trust_roots=[seal.certificate()], allow_fetching=False))
    assert (status.intact, status.valid, status.trusted, status.bottom_line) == (True, True, True, True)
    assert status.coverage.name == "ENTIRE_FILE"
    assert found.docmdp_level == MDPPerm.NO_CHANGES


def test_one_changed_byte_is_found_by_both(sealed, tmp_path):
    for place in places(sealed):
        changed = flipped(sealed, place)
        assert seal.intact(changed) == seal.CHANGED, place
        assert "Signature is Valid" not in pdfsig(changed, tmp_path), place


def test_every_single_byte_of_the_seal_counts(sealed):
    before, after = hole(sealed)
    for place in range(before - 40, after + 40):
        assert seal.intact(flipped(sealed, place, 0x20)) == seal.CHANGED, place
        assert seal.intact(flipped(sealed, place, 0x04)) == seal.CHANGED, place


def test_what_was_added_or_cut_afterwards_is_found(sealed, tmp_path):
    from pyhanko.pdf_utils import generic
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    writer, out = IncrementalPdfFileWriter(BytesIO(sealed)), BytesIO()
    writer.root["/Note"] = generic.pdf_string("something else")
    writer.update_root()
    writer.write(out)
    assert out.getvalue().startswith(sealed)
    assert seal.intact(out.getvalue()) == seal.CHANGED
    assert "Total document signed" not in pdfsig(out.getvalue(), tmp_path)
    for other in (sealed + b"\n", b" " + sealed, sealed[:-1], sealed + sealed):
        assert seal.intact(other) == seal.CHANGED


def test_another_clinics_seal_is_not_ours(sealed, plain, tmp_path):
    other = tmp_path / "other"
    ours = settings.current()
    settings.use(replace(ours, data_dir=other))
    other.mkdir()
    try:
        theirs = seal.sign(plain, "The Test Clinic")
    finally:
        settings.use(ours)
    assert seal.intact(theirs) == seal.ANOTHERS
    assert seal.intact(sealed) == seal.GENUINE
    assert seal.intact(plain) == seal.UNSEALED


def test_our_seal_under_another_text_is_found(sealed):
    """The seal is cut out and stands, with the right numbers, in a file that we never saw."""
    before, after = hole(sealed)
    head = b"%PDF-1.7 another text /ByteRange [0 000000 000000 000000]"
    start, rest = len(head), b" the end"
    length = after - before
    numbers = b"%06d %06d %06d" % (start, start + length, len(rest))
    forged = head.replace(b"000000 000000 000000", numbers) + sealed[before:after] + rest
    assert seal.intact(forged) == seal.CHANGED


def test_garbage_is_not_sealed_and_takes_no_time(house, sealed):
    import time

    row = b"/ByteRange [0 5 9 9]"
    for file in (
        b"", b"%PDF-", b"\0" * 1_000_000, row * 400_000, b"/ByteRange [" + b"9" * 5_000_000, b"<" * 5_000_000,
        b"/ByteRange" + b" " * 5_000_000, os.urandom(1_000_000),
    ):  # fmt: skip
        begun = time.monotonic()
        assert seal.intact(file) in (seal.UNSEALED, seal.ANOTHERS)
        assert time.monotonic() - begun < 3


def test_the_key_is_made_once_for_its_owner_alone_and_kept(house, plain):
    assert seal.intact(plain) == seal.UNSEALED
    assert not (house / "seal.p12").exists(), "looking at a file makes no key"
    made = []
    together = [threading.Thread(target=lambda: made.append(seal.sign(plain, "The Test Clinic"))) for _ in range(4)]
    for one in together:
        one.start()
    for one in together:
        one.join()
    key = (house / "seal.p12").read_bytes()
    assert [seal.intact(each) for each in made] == [seal.GENUINE] * 4
    assert stat.S_IMODE((house / "seal.p12").stat().st_mode) == 0o600
    assert [it.name for it in house.iterdir() if "seal.p12" in it.name] == ["seal.p12"]
    renamed = seal.sign(plain, "Another name, which is longer than any certificate would take it, by far")
    assert seal.intact(renamed) == seal.GENUINE
    assert (house / "seal.p12").read_bytes() == key


def test_a_long_name_and_no_name_make_a_key_too(house, plain):
    assert seal.intact(seal.sign(plain, "Zoë & Łucja " * 10)) == seal.GENUINE
    (house / "seal.p12").unlink()
    assert seal.intact(seal.sign(plain, " ")) == seal.GENUINE


def test_with_another_secret_the_key_stays_shut_and_stays(house, sealed, plain):
    key = (house / "seal.p12").read_bytes()
    settings.use(replace(settings.current(), secret_key="t" * 40))
    with pytest.raises(seal.Locked) as no:
        seal.sign(plain, "The Test Clinic")
    assert "SECRET_KEY" in no.value.reason
    assert seal.intact(sealed) == seal.ANOTHERS
    assert (house / "seal.p12").read_bytes() == key


def test_what_stands_on_the_page_stands_in_no_log(caplog):
    caplog.set_level("DEBUG")
    pdf.made(PAGE.replace("<p>", '<p><img alt="" src="data:image/svg+xml;base64,c2VjcmV0">'))
    assert not [record for record in caplog.records if record.name.startswith(("weasyprint", "fontTools"))]


def test_the_pdf_is_tagged_and_fetches_nothing(plain, tmp_path):
    from pyhanko.pdf_utils.reader import PdfFileReader

    root = PdfFileReader(BytesIO(plain)).root
    assert root["/MarkInfo"]["/Marked"]
    assert "/StructTreeRoot" in root
    assert root["/Lang"] == "en"
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert PdfFileReader(BytesIO(plain)).trailer["/Info"]["/Title"] == "A consent"
    assert b"/Subtype /Image" not in plain
    assert b"root:" not in plain
