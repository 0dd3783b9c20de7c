"""The editors of paperwork: a common form, and one more for each kind that says what is special about it."""

from models import Paperwork, PaperworkVersion
from views.editors.common import PaperworkForm
from views.editors.consent import ConsentForm
from views.editors.instruction import PostTreatmentForm, PreTreatmentForm
from views.editors.questionnaire import QuestionnaireForm

FORMS = {
    "questionnaire": QuestionnaireForm,
    "consent": ConsentForm,
    "pre_treatment": PreTreatmentForm,
    "post_treatment": PostTreatmentForm,
}


def fresh(kind: str) -> PaperworkForm:
    """An empty form for something new."""
    return FORMS[kind].opened({})


def sent(kind: str) -> PaperworkForm:
    """The form as it came with this request."""
    return FORMS[kind]()


def filled(paperwork: Paperwork, version: PaperworkVersion) -> PaperworkForm:
    """The form of what is there already."""
    form = FORMS[paperwork.kind]
    return form.opened({**form.facts_of(paperwork), **form.texts_of(version), "base": version.number})
