"""Getting the sealed PDF, and asking whether a file is genuine."""

import os
import re
import zlib
from io import BytesIO

import pytest

import settings
from gateways import pdf
from models import Attempt, Delivery, Fault, SealedFile, Task, TrailEntry
from rules import sealing
from tests.rules.test_sealing import NOON, consent, house, sign  # noqa: F401 - house is a fixture


@pytest.fixture(autouse=True)
def noon(time_machine):
    time_machine.move_to(NOON, tick=False)


@pytest.fixture
def signed(house):  # noqa: F811
    """Ava's consent, signed; its file is not made yet."""
    task = consent(house)
    sign(task)
    Task.update(status="done", done_at=NOON).where(Task.id == task.id).execute()
    return Task.get_by_id(task.id)


@pytest.fixture
def sealed(signed):
    sealing.seal_due()
    return signed


def asked(browser, content, name="consent.pdf"):
    return browser.post(
        "/verify", data={"csrf_token": browser.token(), "file": (BytesIO(content), name)},
        content_type="multipart/form-data",
    )  # fmt: skip


# --- the patient's copy, and the chart's ---------------------------------------------------------


def test_while_it_is_made_the_page_says_so_and_then_gives_the_file(as_ava, signed):
    base = f"/tasks/{signed.id}"
    for address in (base, f"{base}/record", f"{base}/record.pdf"):
        page = as_ava.see(address)
        assert "is being made" in page
        assert f'hx-get="{base}/record?unattended=1"' in page
        assert f'href="{base}/record"' in page, "without scripts there is a link"
        assert f'href="{base}/record.pdf"' not in page
    sealing.seal_due()
    part = as_ava.get(f"{base}/record", headers={"HX-Request": "true", "HX-Request-Type": "partial"}).text
    assert part.lstrip().startswith('<section id="record"')
    assert "hx-trigger" not in part, "the asking ends"
    assert f'href="{base}/record.pdf"' in part
    answer = as_ava.get(f"{base}/record.pdf")
    assert answer.data == sealing.bytes_of(sealing.latest_of(signed))
    assert answer.mimetype == "application/pdf"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="consent-{signed.id}.pdf"'
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_stranger_and_an_unsigned_consent_have_no_record(clinic, as_ava, as_ben, as_desk, nobody, sealed):
    other = consent(clinic, 9)
    for browser, base in ((as_ben, f"/tasks/{sealed.id}"), (as_ava, f"/tasks/{other.id}"), (as_ava, "/tasks/999999")):
        for end in ("/record", "/record.pdf"):
            assert browser.get(base + end).status_code == 404
    assert as_desk.get(f"/staff/tasks/{other.id}/record.pdf").status_code == 404
    assert as_ava.get(f"/staff/tasks/{sealed.id}/record.pdf").status_code == 403
    assert nobody.get(f"/tasks/{sealed.id}/record.pdf").status_code == 303


def test_staff_get_the_same_file_and_each_look_is_in_the_trail(as_nurse, sealed):
    assert f'href="/staff/tasks/{sealed.id}/record.pdf"' in as_nurse.see(f"/staff/tasks/{sealed.id}")
    answer = as_nurse.get(f"/staff/tasks/{sealed.id}/record.pdf")
    assert answer.data == sealing.bytes_of(sealing.latest_of(sealed))
    assert not re.search("Ava|Moreno|relaxing", answer.headers["Content-Disposition"])
    entry = TrailEntry.select().where(TrailEntry.action == "sealed consent looked at").get()
    assert (entry.actor_name, entry.patient_id) == ("Nia Nurse", sealed.patient_id)


def test_a_page_that_waits_for_the_file_is_one_look(as_nurse, signed):
    address = f"/staff/tasks/{signed.id}/record"
    as_nurse.see(address)
    as_nurse.get(f"{address}?unattended=1", headers={"HX-Request": "true", "HX-Request-Type": "partial"})
    assert TrailEntry.select().where(TrailEntry.action == "sealed consent looked at").count() == 1


def test_what_could_not_be_made_is_on_the_desk_and_can_be_tried_again(monkeypatch, as_ava, as_desk, as_nurse, signed):
    with monkeypatch.context() as patch:
        patch.setattr(pdf, "made", lambda *_: 1 / 0)
        sealing.seal_due()
    row = SealedFile.get()
    assert "1 sealed PDF could not be made" in as_desk.see("/staff")
    page = as_desk.see("/staff/sealed-files")
    assert "Ava Moreno" in page
    [look] = TrailEntry.select().where(TrailEntry.action == "sealed consents that could not be made looked at")
    assert (look.actor_kind, look.patient_id) == ("staff", signed.patient_id), "names of patients stand there"
    assert row.outcome in page
    assert "could not be made yet" in as_ava.see(f"/tasks/{signed.id}/record")
    assert "hx-trigger" not in as_ava.see(f"/tasks/{signed.id}/record")
    assert "fault" not in as_ava.see(f"/tasks/{signed.id}/record")
    assert as_nurse.submit(f"/staff/sealed-files/{row.id}/again").status_code == 403
    assert "Try again" not in as_nurse.see("/staff/sealed-files")
    answer = as_desk.submit(f"/staff/sealed-files/{row.id}/again")
    assert answer.status_code == 303
    assert sealing.seal_due() == 1
    assert "could not be made" not in as_desk.see("/staff")
    assert "All of them are made" in as_desk.see("/staff/sealed-files")
    assert as_desk.submit(f"/staff/sealed-files/{row.id}/again").status_code == 409


def test_the_list_costs_the_same_for_one_and_for_three(clinic, monkeypatch, as_desk, signed, queries):
    monkeypatch.setattr(pdf, "made", lambda *_: 1 / 0)
    sealing.seal_due()
    with queries() as count:
        as_desk.see("/staff/sealed-files")
        one = count()
    for days in (12, 13):
        sign(consent(clinic, days))
    sealing.seal_due()
    with queries() as count:
        page = as_desk.see("/staff/sealed-files")
        assert count() == one
    assert page.count("Ava Moreno</a>") == 3


def test_a_file_that_was_lost_is_said_to_be_and_is_no_fault(as_ava, sealed):
    (settings.current().data_dir / "sealed" / SealedFile.get().file_name).unlink()
    answer = as_ava.get(f"/tasks/{sealed.id}/record.pdf")
    assert answer.status_code == 409
    assert "tell the clinic" in answer.text
    assert Fault.select().count() == 0


# --- is it genuine? -------------------------------------------------------------------------------


def test_every_page_leads_to_it_from_its_foot(nobody, as_ava, as_desk):
    for browser, address in ((nobody, "/sign-in"), (as_ava, "/"), (as_desk, "/staff")):
        assert (
            '<a href="/verify">Check a signed file</a>'
            in browser.see(address).partition('<footer class="site-foot">')[2]
        )


def test_anybody_can_ask_and_a_changed_byte_is_found(nobody, sealed):
    file = sealing.bytes_of(sealing.latest_of(sealed))
    answer = asked(nobody, file)
    assert answer.status_code == 200
    assert "sealed this file, and nothing in it has been changed since" in answer.text
    for place in (30, len(file) // 2, len(file) - 9):
        changed = bytearray(file)
        changed[place] ^= 1
        assert "has been changed after The Test Clinic sealed it" in asked(nobody, bytes(changed)).text
    assert "has been changed" in asked(nobody, file + b"%%EOF").text
    assert "was not sealed by The Test Clinic" in asked(nobody, b"%PDF-1.7 nothing").text


def test_the_answer_tells_of_no_record(nobody, sealed):
    genuine = asked(nobody, sealing.bytes_of(sealing.latest_of(sealed)), "Ava Moreno.pdf").text
    SealedFile.update(digest="0" * 64).execute()
    by_seal = asked(nobody, _file(), "other.pdf").text
    without = re.compile(r'value="[^"]*"')
    assert without.sub("", genuine) == without.sub("", by_seal), "known here or not, the answer is the same"
    assert not re.search(r"Ava|Moreno|relaxing|2026|[0-9a-f]{64}", without.sub("", genuine))
    assert Delivery.select().where(Delivery.kind == "consent_signed").count() == 1


def _file():
    return next(sealing.folder().glob("*.pdf")).read_bytes()


def test_the_page_works_without_scripts_and_asks_for_a_file(nobody, house):  # noqa: F811
    page = nobody.see("/verify")
    assert 'enctype="multipart/form-data"' in page
    assert re.search(r'<label for="file">', page)
    answer = nobody.submit("/verify")
    assert answer.status_code == 422
    assert "Choose the PDF file that you want to check." in answer.text
    assert 'href="#file"' in answer.text


def test_too_much_and_too_often_are_refused(nobody, house):  # noqa: F811
    answer = asked(nobody, b"x" * (10 * 1024 * 1024 + 1))
    assert answer.status_code == 422
    assert "10 MB at most" in answer.text
    assert asked(nobody, b"x" * (12 * 1024 * 1024)).status_code == 413
    for _ in range(35):
        answer = asked(nobody, b"x")
    assert answer.status_code == 422
    assert "too many tries" in answer.text
    Attempt.delete().execute()


def hostile():
    """What wants to break whoever opens it: bombs, loops, endless tables, locks, and no PDF at all."""
    bomb = zlib.compress(b"\0" * 50_000_000, 9)
    for _ in range(2):
        bomb = zlib.compress(bomb, 9)
    stream = b"<</Type/XRef/Size 9/W[1 2 1]/Filter[/FlateDecode/FlateDecode/FlateDecode]/Length %d>>" % len(bomb)
    head = b"%PDF-1.7\n1 0 obj\n"
    sig = b"<</Type/Sig/Filter/Adobe.PPKLite/ByteRange[0 20 60 %d]/Contents<30820fff06092a864886f70d010702>>>"
    yield head + stream + b"stream\n" + bomb + b"\nendstream\nendobj\nstartxref\n9\n%%EOF"
    yield head + b"[" * 3_000_000
    yield b"%PDF-1.4\nxref\n0 999999999\n" + b"0000000000 65535 f \n" * 200_000 + b"startxref\n9\n%%EOF"
    yield b"%PDF-1.4\ntrailer<</Encrypt 5 0 R/Prev 9/Root 1 0 R/Size 9>>startxref\n9\n%%EOF"
    yield head + sig % 100 + b"\n%%EOF"
    yield (b"/ByteRange [0 9 99 999]" + b"<30>" * 3) * 100_000
    yield b"/ByteRange" * 900_000
    yield b"PK\x03\x04" + os.urandom(100_000)
    yield b"\xff\xd8\xff" * 1000
    yield b"\0"


def test_hostile_files_are_not_sealed_quickly_and_never_a_fault(nobody, sealed):
    from time import monotonic

    for number, file in enumerate(hostile()):
        begun = monotonic()
        answer = asked(nobody, file)
        assert answer.status_code == 200, number
        assert re.search("was not sealed by The Test Clinic|sealed by somebody else", answer.text), number
        assert monotonic() - begun < 5, number
    assert Fault.select().count() == 0


def test_the_command_says_the_same(clinic, sealed, tmp_path):
    runner, path = clinic.app.test_cli_runner(), tmp_path / "a.pdf"
    file = _file()
    for content, code, words in (
        (file, 0, "nothing in it has been changed"),
        (file[:100] + b"!" + file[101:], 1, "has been changed after"),
        (b"%PDF-", 1, "was not sealed by"),
    ):
        path.write_bytes(content)
        done = runner.invoke(args=["verify", str(path)])
        assert done.exit_code == code, done.output
        assert words in done.output
        assert len(done.output.splitlines()) == 1
    for wrong in (tmp_path / "none.pdf", tmp_path):
        done = runner.invoke(args=["verify", str(wrong)])
        assert done.exit_code == 2
        assert "cannot be read" in done.output
