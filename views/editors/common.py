"""What the editors of all kinds of paperwork share: name, title, text, how long it is good for, and the way to save."""

from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField, IntegerField, RadioField, StringField, TextAreaField

from models import Paperwork, PaperworkVersion
from rules.refused import Refused
from views import respond


class PaperworkForm(FlaskForm):
    """A kind's own form adds its fields and overrides what is special: see the methods.

    `part` is the template with the kind's own fields, below the common ones.
    """

    part = ""
    words = ""  # what a button did, where that is not plain to see

    name = StringField("Name in lists", render_kw={"maxlength": 120})
    title = StringField("Title on the page", render_kw={"maxlength": 160})
    body = TextAreaField("Text")
    validity = RadioField(
        "How long done work is good for",
        choices=[("every_visit", "Ask for every visit"), ("once", "Ask once"), ("days", "Good for some days")],
        default="every_visit",
        validate_choice=False,
    )
    validity_days = IntegerField("Days")
    must_renew = BooleanField("Ask everybody anew")
    base = HiddenField()  # the number of the version that the writer had before them

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.linked = {}  # one of form_errors -> the id of what it is about

    @classmethod
    def opened(cls, data: dict) -> "PaperworkForm":
        """The form with these values, whatever the request carries."""
        return cls(formdata=None, data=data)

    @classmethod
    def facts_of(cls, paperwork: Paperwork) -> dict:
        """The values of the fields that belong to the paperwork itself."""
        days = paperwork.validity_days
        return {"name": paperwork.name, "validity": paperwork.validity, "validity_days": days}

    @classmethod
    def texts_of(cls, version: PaperworkVersion) -> dict:
        """The values of the fields that belong to one version; a kind adds those out of its details."""
        return {"title": version.title, "body": version.body}

    def facts(self) -> dict:
        """What rules.templates takes about the paperwork itself."""
        return {
            "name": self.name.data or "",
            "validity": self.validity.data,
            "validity_days": self.validity_days.data,
        }

    def texts(self) -> dict:
        """What rules.templates freezes in a version."""
        return {
            "title": self.title.data or "",
            "body": self.body.data or "",
            "questions": self.questions(),
            "details": self.details(),
            "must_renew": bool(self.must_renew.data),
        }

    def questions(self) -> list[dict]:
        """The questions as the form carries them, for rules.templates to tidy."""
        return []

    def details(self) -> dict:
        """The kind's own settings as the form carries them, for rules.templates to tidy."""
        return {}

    def rearranged(self, do: str) -> tuple["PaperworkForm", str]:
        """The form after a button such as "add" or "remove:3", and the selector of where to go on; nothing is saved.

        The selector is one of an id. An empty one means that nothing was asked for but a fresh page.
        """
        return self, ""

    def again(self, **values) -> "PaperworkForm":
        """The same form with some other values."""
        return self.opened({**self.data, **values})

    def told(self, no: Refused) -> None:
        """Put the rule's "no" beside what it is about."""
        respond.refuse(self, no)
