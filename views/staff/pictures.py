"""Pictures for the clinic's own texts: staff add them here, and whoever reads a text is shown them."""

from flask import Blueprint, abort, make_response, url_for
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import StringField

from rules import pictures
from rules.clinic import home_zone
from rules.refused import Refused
from views import guard, respond

area = Blueprint("pictures", __name__)
EDITORS = ("owner", "desk")


class PictureForm(FlaskForm):
    picture = FileField("Picture")
    shows = StringField("What it shows", render_kw={"maxlength": pictures.LONGEST})


@area.get("/staff/pictures")
@guard.audience("staff", *EDITORS)
def listed():
    return show(PictureForm(formdata=None))


@area.post("/staff/pictures")
@guard.audience("staff", *EDITORS)
@guard.takes_files(64)
def add():
    form = PictureForm()
    sent = form.picture.data
    try:
        made = pictures.add(sent.stream if sent and sent.filename else None, form.shows.data, guard.by())
    except Refused as no:
        respond.refuse(form, no)
        return show(form)
    return respond.done(f"{url_for('.listed')}#picture-{made.id}", "The picture is here. Copy its line into your text.")


def show(form):
    return respond.form_page(
        "staff/paperwork/pictures.html",
        form,
        rows=[(row, pictures.line_of(row)) for row in pictures.listed()],
        zone=home_zone(),
    )


@area.get("/pictures/<name>")
@guard.audience("everyone")
def detail(name):
    """Nothing personal, under a name that nobody guesses; a browser may keep it, a shared cache may not."""
    content = pictures.content_of(name)
    if content is None:
        abort(404)
    answer = make_response(content)
    answer.headers["Content-Type"] = "image/jpeg"
    answer.headers["Content-Disposition"] = 'inline; filename="picture.jpg"'
    answer.headers["Cache-Control"] = "private, max-age=31536000, immutable"
    return answer
