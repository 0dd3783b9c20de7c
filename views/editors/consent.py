"""The editor of a consent."""

from views.editors.common import PaperworkForm


class ConsentForm(PaperworkForm):
    part = "staff/paperwork/_consent.html"
