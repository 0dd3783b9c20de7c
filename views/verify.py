"""Whether a file is what the clinic sealed: for everybody who holds one, and telling nothing else."""

from datetime import timedelta

from flask import Blueprint, request
from flask_wtf import FlaskForm
from flask_wtf.file import FileField

from rules import limits, sealing
from rules.refused import Refused
from views import guard, respond

area = Blueprint("verify", __name__)
LARGEST_MB = 10
TRIES, WITHIN = 30, timedelta(minutes=10)


class FileForm(FlaskForm):
    file = FileField("The PDF file")


@area.get("/verify")
@guard.audience("everyone")
def ask():
    return respond.form_page("verify.html", FileForm(formdata=None), verdict=None, largest=LARGEST_MB)


@area.post("/verify")
@guard.audience("everyone")
@guard.takes_files(LARGEST_MB + 1)  # with the form around it
def tell():
    form, verdict = FileForm(), None
    try:
        limits.spend("verify", limits.network(request.remote_addr or ""), TRIES, WITHIN)
        verdict = sealing.verdict(read(form.file.data))
    except Refused as no:
        form.validate()
        respond.refuse(form, no)
    return respond.form_page("verify.html", form, verdict=verdict, largest=LARGEST_MB)


def read(given) -> bytes:
    """The file that was sent, which is kept nowhere."""
    if not given:
        raise Refused("Choose the PDF file that you want to check.", "file")
    file = given.read(LARGEST_MB * 1024 * 1024 + 1)
    if len(file) > LARGEST_MB * 1024 * 1024:
        raise Refused(f"That file is too large: {LARGEST_MB} MB at most.", "file")
    return file
