"""The editor of a consent: clauses to be initialed, permissions for photos, and who else signs at the visit."""

from wtforms import BooleanField, FieldList, Form, FormField, HiddenField, SelectMultipleField, TextAreaField

from models import PaperworkVersion
from rules import consent_texts
from rules.refused import Refused
from views import respond
from views.editors.common import PaperworkForm
from views.forms import carried

VERBS = ("add", "remove", "up", "down")


class ClauseForm(Form):
    key = HiddenField()
    text = TextAreaField("Text", render_kw={"maxlength": consent_texts.LONGEST_CLAUSE})
    initials = BooleanField("The patient writes their initials beside it")

    def clause(self) -> dict:
        return {name: field.data for name, field in self._fields.items()}


class ConsentForm(PaperworkForm):
    part = "staff/paperwork/_consent.html"

    items = FieldList(FormField(ClauseForm), name="clauses", max_entries=consent_texts.MOST_CLAUSES + 1)
    permissions = SelectMultipleField(
        "Ask whether photos may be used",
        choices=[(kind, words[1]) for kind, words in consent_texts.PERMISSIONS.items()],
        validate_choice=False,
    )
    witness = BooleanField("A witness signs at the visit")
    provider = BooleanField("The provider signs at the visit")

    @classmethod
    def opened(cls, data: dict) -> PaperworkForm:
        return super().opened({**data, "items": data.get("clauses") or data.get("items") or []})

    @classmethod
    def texts_of(cls, version: PaperworkVersion) -> dict:
        return {**super().texts_of(version), **(version.details or {})}

    def clauses(self) -> list[dict]:
        return [entry.form.clause() for entry in self.items]

    def details(self) -> dict:
        return {
            "clauses": self.clauses(),
            "permissions": self.permissions.data or [],
            "witness": bool(self.witness.data),
            "provider": bool(self.provider.data),
        }

    def rearranged(self, do: str) -> tuple[PaperworkForm, str]:
        if do.split(":")[0] not in VERBS:
            return self, ""
        clauses, at = _rearranged(self.clauses(), do)
        return self.again(items=clauses), f"#clauses-{at}-text" if clauses else "#add-clause"

    def told(self, no: Refused) -> None:
        respond.refuse(self, no)
        number = no.facts.get("number")
        if number is not None and number < len(self.items) and no.field in self.items[number].form:
            field = self.items[number].form[no.field]
            field.errors = [*field.errors, no.words.partition(": ")[2]]


def _rearranged(clauses: list[dict], do: str) -> tuple[list[dict], int]:
    """The clauses after "add", "remove:3", "up:3" or "down:3", and the position to look at next."""
    verb, _, place = do.partition(":")
    if verb == "add":
        room = len(clauses) < consent_texts.MOST_CLAUSES
        clauses = [*clauses, {"key": "", "text": "", "initials": True}] if room else list(clauses)
        return clauses, len(clauses) - 1
    at = carried(place)
    if at is None or at >= len(clauses):
        return list(clauses), max(len(clauses) - 1, 0)
    clauses = list(clauses)
    clause = clauses.pop(at)
    if verb == "remove":
        return clauses, max(min(at, len(clauses) - 1), 0)
    to = min(max(at - 1 if verb == "up" else at + 1, 0), len(clauses))
    clauses.insert(to, clause)
    return clauses, to


def shown(version: PaperworkVersion) -> dict:
    """What a consent asks for beside its text, as the preview shows it; also one that is not finished yet."""
    details = version.details or {}
    return {
        "heads": (consent_texts.CLAUSES_HEAD, consent_texts.PERMISSIONS_HEAD, consent_texts.PERMISSIONS_LEAD),
        "clauses": [it for it in details.get("clauses", []) if (it.get("text") or "").strip()],
        "permissions": [consent_texts.PERMISSIONS[kind] for kind in consent_texts.kinds_of(version)],
        "others": [words for name, words in OTHERS.items() if details.get(name)],
    }


OTHERS = {
    "witness": "A witness signs at the visit, on the screen of the clinic.",
    "provider": "The provider signs at the visit, on the screen of the clinic.",
}
