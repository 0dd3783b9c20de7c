"""The e-record notice: what patients agree to before they sign on a screen; an edit makes a new version."""

from flask import Blueprint, url_for
from flask_wtf import FlaskForm
from wtforms import HiddenField, TextAreaField

from rules import markdown, notices
from rules.clinic import home_zone
from rules.refused import Refused
from views import guard, respond
from views.forms import carried

area = Blueprint("staff_notice", __name__)


class NoticeForm(FlaskForm):
    text = TextAreaField("Text", render_kw={"maxlength": notices.LONGEST})
    base = HiddenField()  # the number of the version that the writer had before them


@area.get("/staff/notice")
@guard.audience("staff", "owner")
def detail():
    current = notices.current()
    return show(NoticeForm(formdata=None, data={"text": current.text, "base": current.number}))


@area.post("/staff/notice")
@guard.audience("staff", "owner")
def change():
    form, before = NoticeForm(), notices.current().number
    try:
        written = notices.write(form.text.data or "", guard.by(), onto=carried(form.base.data) or 0)
    except Refused as no:
        if "version" in no.facts:
            form.base.data = no.facts["version"]
        respond.refuse(form, no)
        return show(form)
    words = f"Saved as version {written.number}. Everybody reads it before their next signature."
    return respond.done(url_for(".detail"), words if written.number != before else "Nothing was changed.")


def show(form):
    versions = notices.versions()
    return respond.form_page(
        "staff/notice/notice.html", form, current=versions[0], versions=versions, zone=home_zone(),
        render=markdown.render,
    )  # fmt: skip
