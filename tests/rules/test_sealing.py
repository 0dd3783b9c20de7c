"""Sealed PDFs: asked for with the signature, made once whatever happens meanwhile, and never of what was changed."""

import os
import re
import shutil
import subprocess
import threading
import time
from datetime import timedelta
from hashlib import sha256
from io import BytesIO

import pytest

import clock
import settings
from clock import now
from database import db, is_sqlite, write_tx
from gateways import files, pdf, seal
from models import Appointment, Clinic, Delivery, Location, Patient, SealedFile, Signature, Task, TrailEntry
from rules import (
    attention,
    consent_record,
    consent_texts,
    letters,
    outbox,
    pictures,
    sealing,
    signers,
    signing,
    templates,
)
from rules.actor import Actor
from rules.refused import Refused
from tests.house.world import picture as face
from tests.rules.test_paperwork import NOON, actor, begin

STROKES = [{"points": [{"x": 5 * n, "y": 40 + (n % 7) * 6, "time": n, "pressure": 0.5} for n in range(40)]}]
DETAILS = {
    "clauses": [
        {"key": "a", "text": "I am not pregnant.", "initials": True},
        {"key": "b", "text": "I may ask at any time.", "initials": False},
    ],
    "permissions": ["chart", "training", "social"],
}
GIVEN = {
    "initials": {"a": "AM"},
    "permissions": {"chart": True, "social": False},
    "answers_digest": "ab" * 32,
    "notice": 3,
    "first_shown_at": "2026-03-03T16:58:00+00:00",
}


@pytest.fixture(autouse=True)
def noon(time_machine):
    time_machine.move_to(NOON, tick=False)
    return time_machine


@pytest.fixture
def house(clinic, tmp_path):
    """The cast with a data folder of its own, whose key and files no other test has."""
    before = settings.current()
    folder = tmp_path / "var"
    folder.mkdir()
    told = {"DATA_DIR": str(folder), "SECRET_KEY": before.secret_key, "BASE_URL": "https://portal.example.com"}
    settings.use(settings.from_environment(told))
    yield clinic
    settings.use(before)


def consent(clinic, days=3, patient=None, body=None, title="Consent to wrinkle relaxing"):
    """A consent with clauses and permissions, not signed yet."""
    if body:
        owner = Actor("staff", clinic.owner.id, clinic.owner.name)
        templates.write_version(clinic.consent, owner, title, body, [], details=DETAILS)
    _, tasks = begin(clinic, NOON + timedelta(days=days), patient=patient)
    return tasks["consent"]


def sign(task, role="patient", name="Ava Moreno", details=None, strokes=None, by=None):
    """One signature as the rules of consents write it, whatever they ask for before."""
    version = templates.version_of(task)
    with write_tx():
        Task.update(version=version, status="in_progress").where(Task.id == task.id).execute()
        return signing.sign(
            patient=task.patient, by=by or actor(task.patient), text=consent_texts.text_of(version),
            version_digest=version.digest, method="drawn" if strokes else "typed", signer_name=name, strokes=strokes,
            task=task, time_zone="America/New_York", role=role, details=details,
        )  # fmt: skip


def text_of(file, folder, *options):
    path = folder / "read.pdf"
    path.write_bytes(file)
    done = subprocess.run(["pdftotext", *options, str(path), "-"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def poppler():
    if shutil.which("pdftotext") is None:
        assert not os.environ.get("CI"), "poppler-utils is missing on the build server"
        pytest.skip("poppler-utils is not installed")


# --- once, and durable ---------------------------------------------------------------------------


def test_a_signature_asks_for_its_file_in_its_own_transaction(house):
    task = consent(house)
    with write_tx() as _, db.atomic() as undone:
        sign(task)
        assert SealedFile.select().count() == 1
        undone.rollback()
    assert SealedFile.select().count() == 0
    signature = sign(task)
    with write_tx():
        sealing.put(signature)
    assert [row.signature_id for row in SealedFile.select()] == [signature.id]
    with pytest.raises(AssertionError):
        sealing.put(signature)


def test_it_is_made_once_sealed_and_kept(house):
    task = consent(house)
    sign(task, details=GIVEN)
    assert sealing.record_of(task).waits
    assert sealing.seal_due() == 1
    row = sealing.latest_of(task)
    file = sealing.bytes_of(row)
    path = settings.current().data_dir / "sealed" / row.file_name
    assert (row.status, row.size_bytes, row.digest) == ("sealed", len(file), sha256(file).hexdigest())
    assert (row.sealed_at, row.lease_until, row.outcome) == (now(), None, "")
    assert path.stat().st_mode & 0o777 == 0o600
    assert [it.name for it in path.parent.iterdir()] == [row.file_name]
    assert seal.intact(file) == seal.GENUINE
    assert sealing.seal_due() == 0
    assert sealing.bytes_of(sealing.latest_of(task)) == file
    entry = TrailEntry.get(TrailEntry.action == "consent sealed")
    assert (entry.subject, entry.details["digest"]) == (f"task {task.id}", row.digest)


def test_two_who_claim_make_one_and_the_loser_leaves_nothing(house):
    task = consent(house)
    sign(task)
    slow = sealing.claim()
    assert sealing.claim() is None, "somebody has it"
    with clock.standing_at(NOON + sealing.LEASE):
        fast = sealing.claim()
        assert fast.id == slow.id
        assert sealing.settle(fast, sealing.attempt(fast))
    before = sealing.latest_of(task)
    assert not sealing.settle(slow, sealing.attempt(slow))
    assert sealing.latest_of(task).digest == before.digest
    assert [it.name for it in sealing.folder().iterdir()] == [before.file_name]
    assert Delivery.select().where(Delivery.kind == "consent_signed").count() == 1


def test_threads_that_are_woken_together_seal_each_file_once(house):
    tasks = [consent(house, days) for days in range(3, 7)]
    for task in tasks:
        sign(task)
    together, made, database = threading.Barrier(4), [], db.obj

    def work():
        with database.connection_context():
            together.wait()
            made.append(sealing.seal_due())

    threads = [threading.Thread(target=work) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sum(made) == 4
    assert [row.attempts for row in SealedFile.select()] == [1] * 4
    assert len(list(sealing.folder().iterdir())) == 4


def test_what_a_dead_process_had_is_given_back_and_its_file_swept(house):
    task = consent(house)
    sign(task)
    row = sealing.claim()
    left = sealing.attempt(row)["file_name"]  # killed between file and row
    assert sealing.seal_due() == 0
    assert sealing.release() == 1
    assert sealing.seal_due() == 1
    assert sealing.latest_of(task).file_name != left
    old = time.time() - 3 * 86400
    for it in sealing.folder().iterdir():
        os.utime(it, (old, old))
    (sealing.folder() / f".{files.keep(sealing.folder(), b'half', 'pdf')}").write_bytes(b"young")
    assert sealing.sweep(now()) == 1
    names = {it.name for it in sealing.folder().iterdir() if it.is_file()}
    assert left not in names
    assert (sealing.folder() / files.LOST / left).is_file()
    assert sealing.latest_of(task).file_name in names
    assert len(names) == 3, "what is young may still be on its way to its row"


def test_a_process_that_stops_begins_no_other_file(house):
    for days in (3, 4):
        sign(consent(house, days))
    left = [True]
    assert sealing.seal_due(going=lambda: bool(left) and not SealedFile.get_or_none(SealedFile.status == "sealed")) == 1
    assert sealing.due(now()).count() == 1


# --- what goes wrong ------------------------------------------------------------------------------


def test_a_fault_pauses_longer_each_time_then_staff_are_told_and_try_again(house, monkeypatch, noon):
    task = consent(house)
    sign(task)
    desk_person = Actor("staff", house.desk.id, house.desk.name)
    with monkeypatch.context() as patch:
        patch.setattr(pdf, "made", lambda *_: 1 / 0)
        for minutes in (*sealing.PAUSES, None):
            assert sealing.seal_due() == 0
            row = sealing.latest_of(task)
            assert "fault" in row.outcome
            assert attention.needed(now())["unsealed"] == 1
            if minutes is None:
                break
            assert (row.status, row.lease_until) == ("waiting", now() + timedelta(minutes=minutes))
            noon.move_to(row.lease_until - timedelta(seconds=1), tick=False)
            assert sealing.claim() is None
            noon.move_to(row.lease_until, tick=False)
    assert sealing.latest_of(task).status == "failed"
    assert sealing.seal_due() == 0
    sealing.try_again(row, desk_person)
    assert sealing.seal_due() == 1
    assert attention.needed(now())["unsealed"] == 0
    with pytest.raises(Refused):
        sealing.try_again(row, desk_person)
    assert TrailEntry.select().where(TrailEntry.action == "sealing tried again").count() == 1


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (pdf.Missing("Pango is missing"), "Pango"),
        (seal.Locked(), "SECRET_KEY"),
        (OSError(28, "No space left"), "No space"),
    ],
)
def test_what_the_machine_lacks_is_tried_for_ever(house, monkeypatch, noon, fault, words):
    task = consent(house)
    sign(task)

    def broken(*_):
        raise fault

    with monkeypatch.context() as patch:
        patch.setattr(pdf, "made", broken)
        for _ in range(len(sealing.PAUSES) + 3):
            assert sealing.seal_due() == 0
            noon.shift(timedelta(minutes=sealing.PAUSE_OF_THE_MACHINE))
    row = sealing.latest_of(task)
    assert row.status == "waiting"
    assert words in row.outcome
    assert sealing.seal_due() == 1


def test_without_pango_the_reason_says_what_to_install(house, monkeypatch):
    import builtins

    plain = builtins.__import__

    def without(name, *args, **kwargs):
        if name == "weasyprint":
            raise OSError("cannot load library 'libpango-1.0-0'")
        return plain(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(pdf.Missing) as no:
        pdf.made("<p>x")
    assert "apt install libpango" in no.value.reason


def test_what_was_changed_in_the_database_is_never_sealed(house):
    db.execute_sql("DROP TRIGGER signature_frozen" + ("_update" if is_sqlite() else " ON signature"))
    for change in ({"signer_name": "Mallory"}, {"shown_text": "Another text"}, {"details": {"permissions": {}}}):
        task = consent(house, 3 + SealedFile.select().count())
        signature = sign(task, details=GIVEN)
        Signature.update(change).where(Signature.id == signature.id).execute()
        assert sealing.seal_due() == 0
        row = sealing.latest_of(task)
        assert row.status == "failed"
        assert "not what was signed" in row.outcome
    other = consent(house, 20)
    signature = sign(other)
    told = "A text that no version has"
    signature.shown_text, signature.shown_digest = told, sha256(told.encode()).hexdigest()
    signature.evidence_digest = signing.evidence_digest(signature)
    signature.save()
    assert sealing.seal_due() == 0
    assert "not the text that was signed" in sealing.latest_of(other).outcome


def test_a_file_that_was_changed_or_lost_on_the_disk_is_not_handed_out(house):
    task = consent(house)
    sign(task)
    sealing.seal_due()
    row = sealing.latest_of(task)
    path = sealing.folder() / row.file_name
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + b"x")
    with pytest.raises(Refused):
        sealing.bytes_of(row)
    path.unlink()
    with pytest.raises(Refused):
        sealing.bytes_of(row)


# --- what it says ---------------------------------------------------------------------------------


def test_each_file_holds_the_signatures_so_far(house, tmp_path, poppler):
    task = consent(house, body="I understand the **risks**.")
    sign(task, details=GIVEN)
    sign(task, "guardian", "Rosa Moreno", {"relation": "legal guardian", "notice": 3})
    staff = Actor("staff", house.nurse.id, house.nurse.name, "10.0.0.7", "An iPad", 44, "password")
    sign(task, "provider", "Nia Nurse", strokes=STROKES, by=staff)
    assert sealing.seal_due() == 3
    texts = [text_of(sealing.bytes_of(row), tmp_path) for row in SealedFile.select().order_by(SealedFile.id)]
    assert ["Rosa Moreno" in text for text in texts] == [False, True, True]
    assert ["Nia Nurse" in text for text in texts] == [False, False, True]
    assert all("Ava Moreno" in text for text in texts)
    assert "guardian, legal guardian" in texts[1]
    assert sealing.latest_of(task).signature.role == "provider"
    assert Delivery.select().where(Delivery.kind == "consent_signed").count() == 2, "the patient's and the guardian's"


def test_it_says_all_that_is_evidence(house, tmp_path, poppler):
    task = consent(house, body="I understand the **risks**.\n\n## Then\n\n- one\n- two")
    Location.update(phone="+1 212 555 0100").execute()
    signature = sign(task, details=GIVEN, strokes=STROKES)
    sealing.seal_due()
    file = sealing.bytes_of(sealing.latest_of(task))
    text = " ".join(text_of(file, tmp_path, "-layout").split())
    version = Task.get_by_id(task.id).version
    for told in (
        "The Test Clinic", "Soho, 1 Test Street, New York", "+1 212 555 0100", "Consent to wrinkle relaxing",
        "I understand the risks.", "I am not pregnant. AM", "I may ask at any time. Not asked",
        "chart. Yes", "its own Left open", "pages. No",
        "Ava Moreno", "17 May 1990", "Wrinkle relaxing, Fri 6 Mar 2026, 12:00 EST", "Dr Lin, Physician",
        f"Version {version.number}", signature.shown_digest, version.digest, "ab" * 32, signature.evidence_digest,
        "Drawn on a screen", "3 March 2026, 12:00:00 EST", "3 March 2026, 17:00:00 UTC", "3 March 2026, 11:58:00 EST",
        "203.0.113.9", "A browser", "Email code, session 1", "Version 3", "https://portal.example.com/verify",
        "1 of 2", "2 of 2",
    ):  # fmt: skip
        assert told in text, (told, text)
    assert "**" not in text
    assert "Drawn signature of" not in text, "the drawing itself stands there"


def test_the_signed_text_goes_along_so_that_its_fingerprint_can_be_made_from_the_file(house, tmp_path, poppler):
    task = consent(house, body="I understand the **risks**.\n\nZoë: שלום")
    signature = sign(task, details=GIVEN)
    sealing.seal_due()
    (tmp_path / "a.pdf").write_bytes(sealing.bytes_of(sealing.latest_of(task)))
    subprocess.run(["pdfdetach", "-saveall", "-o", str(tmp_path), str(tmp_path / "a.pdf")], check=True, timeout=60)
    assert sha256((tmp_path / "signed-text.txt").read_bytes()).hexdigest() == signature.shown_digest


def test_it_is_tagged_for_screen_readers(house):
    from pyhanko.pdf_utils.reader import PdfFileReader

    task = consent(house)
    sign(task, strokes=STROKES)
    sealing.seal_due()
    read = PdfFileReader(BytesIO(sealing.bytes_of(sealing.latest_of(task))))
    assert read.root["/MarkInfo"]["/Marked"]
    assert read.root["/Lang"] == "en"
    assert read.trailer["/Info"]["/Title"] == "Consent to wrinkle relaxing"
    assert read.root["/ViewerPreferences"]["/DisplayDocTitle"]
    kinds, pictures, nodes = set(), [], [read.root["/StructTreeRoot"]]
    while nodes:
        node = nodes.pop()
        if not hasattr(node, "get"):
            continue
        kinds.add(str(node.get("/S", "")))
        if node.get("/S") == "/Figure":
            pictures.append(str(node["/Alt"]))
        kids = node.get("/K", [])
        nodes += [
            kid.get_object() if hasattr(kid, "get_object") else kid
            for kid in (kids if isinstance(kids, list) else [kids])
        ]
    assert kinds > {"/Document", "/H1", "/H2", "/P", "/Table", "/TH", "/TD", "/Figure"}
    assert pictures == ["Drawn signature of Ava Moreno"]


def test_names_in_every_script_show_and_run_their_own_way(house, tmp_path, poppler):
    Patient.update(first_name="محمد", last_name="הכהן", preferred_name="").where(Patient.id == house.ava.id).execute()
    house.ava = Patient.get_by_id(house.ava.id)
    task = consent(house, body="أفهم المخاطر.", title="الموافقة")
    sign(task, name="محمد Zoë 王小明 Дмитрий")
    page = consent_record.page(sealing._signature(SealedFile.get().signature_id))
    assert '<section class="prose" dir="rtl">' in page
    sealing.seal_due()
    row = sealing.latest_of(task)
    assert row.status == "sealed", row.outcome
    fonts = subprocess.run(
        ["pdffonts", str(sealing.folder() / row.file_name)], capture_output=True, text=True, timeout=60
    ).stdout
    assert len(fonts.splitlines()) > 3
    text = text_of(sealing.bytes_of(row), tmp_path)
    for name in ("محمد", "王小明", "Дмитрий", "Zoë", "הכהן"):
        assert name in text, name


@pytest.mark.parametrize(
    ("text", "turned"), [("", False), ("123 أ", True), ("(א)", True), ("a א", False), ("…", False)]
)
def test_a_text_runs_as_its_first_letter_does(text, turned):
    assert consent_record.right_to_left(text) is turned


def test_words_that_want_to_be_code_stay_words(house):
    spell = "<script>alert(1)</script><img src=x>{{7*7}}"
    Clinic.update(name=spell).execute()
    Location.update(name=spell, address=f"{spell}\n{spell}").execute()
    task = consent(house, body=f"{spell} ![x](http://evil.example/x.png)", title=spell)
    sign(task, name=f"Ava {spell}", details={**GIVEN, "relation": spell})
    page = consent_record.page(sealing._signature(SealedFile.get().signature_id))
    assert not re.search(r"<script|<img|>49<", page)
    assert "{{7*7}}" in page
    assert sealing.seal_due() == 1


# --- who is told ----------------------------------------------------------------------------------


def test_the_patient_is_told_where_the_copy_is_and_not_of_what(house):
    sign(consent(house))
    sealing.seal_due()
    delivery = Delivery.get(Delivery.kind == "consent_signed")
    letter = letters.compose(delivery)
    assert letter.to == "ava@example.com"
    assert f"https://portal.example.com/tasks/{delivery.task_id}" in letter.text
    assert not re.search("wrinkle|consent to|risks", f"{letter.subject}{letter.text}", re.I)
    assert "consent_signed" in outbox.KIND_WORDS


def test_a_patient_without_an_address_and_a_witness_bring_no_mail(house):
    task = consent(house)
    sign(task)
    sealing.seal_due()
    Patient.update(email=None).where(Patient.id == house.ben.id).execute()
    house.ben = Patient.get_by_id(house.ben.id)
    sign(consent(house, 4, patient=house.ben), name="Ben Okafor")
    sign(task, "witness", "Dana Desk")
    assert sealing.seal_due() == 2
    assert Delivery.select().where(Delivery.kind == "consent_signed").count() == 1


def test_work_that_counts_from_earlier_leads_to_the_file_of_then(house):
    task, later = consent(house), consent(house, 9)
    sign(task)
    sealing.seal_due()
    Task.update(status="done", done_at=now()).where(Task.id == task.id).execute()
    Task.update(status="done", done_at=now(), counted_from=task).where(Task.id == later.id).execute()
    assert sealing.latest_of(Task.get_by_id(later.id)) == sealing.latest_of(task)
    assert sealing.latest_of(consent(house, 12)) is None


# --- whether a file is genuine --------------------------------------------------------------------


def test_the_verdict_is_by_digest_or_by_seal_and_says_no_more(house):
    sign(consent(house))
    sealing.seal_due()
    file = sealing.bytes_of(SealedFile.get())
    assert sealing.verdict(file).genuine
    SealedFile.update(digest="0" * 64).execute()
    assert sealing.verdict(file).genuine, "by the seal alone"
    SealedFile.update(digest=sha256(file).hexdigest()).execute()
    (settings.current().data_dir / "seal.p12").unlink()
    assert sealing.verdict(file).genuine, "by the digest alone"
    said = {sealing.verdict(other) for other in (b"", b"%PDF-1.7", file[:-5], file + b" ")}
    for verdict in said | {sealing.verdict(file)}:
        assert "The Test Clinic" in verdict.words
        assert not re.search(r"Ava|Moreno|\d", verdict.words)


def test_one_changed_byte_is_said_to_be_one(house):
    sign(consent(house))
    sealing.seal_due()
    file = bytearray(sealing.bytes_of(SealedFile.get()))
    for place in (20, len(file) // 2, len(file) - 10):
        file[place] ^= 1
        assert "has been changed" in sealing.verdict(bytes(file)).words
        file[place] ^= 1
    assert sealing.verdict(bytes(file)).genuine


# --- what stands in it besides the text -----------------------------------------------------------


def test_pictures_of_the_text_are_in_the_file_and_their_digests_in_the_evidence(house, tmp_path):
    owner = Actor("staff", house.owner.id, house.owner.name)
    kept = pictures.add(face(), "Where it is placed", owner)
    row = Signature.get_by_id(sign(consent(house, body=f"Here:\n\n{pictures.line_of(kept)}")).id)
    page = consent_record.page(row)
    assert 'src="data:image/jpeg;base64,' in page
    assert "/pictures/" not in page.replace(row.shown_text, "")
    assert kept.digest in page
    assert b"/DCTDecode" in pdf.made(page)
    (pictures.folder() / kept.file_name).write_bytes(b"another")
    with pytest.raises(consent_record.NotAsSigned):
        consent_record.page(row)


def test_the_file_tells_the_visit_as_it_was_signed(house):
    task = consent(house, patient=house.ava)
    row = sign(task, details=signers.moment(Task.get_by_id(task.id)))
    older = sign(consent(house, days=5, patient=house.ava))
    kept = row.details["visit"]
    Appointment.update(starts_at=NOON, ends_at=NOON + timedelta(minutes=5)).where(
        Appointment.id == task.appointment_id
    ).execute()
    page = consent_record.page(Signature.get_by_id(row.id))
    assert f">Appointment</th><td>{kept}" in page.replace(' scope="row"', "")
    assert "when this file was made" not in page
    assert "Appointment (when this file was made)" in consent_record.page(Signature.get_by_id(older.id))
