"""The forms with which patients cancel or move one visit or a whole one."""

from flask_wtf import FlaskForm
from wtforms import HiddenField, TextAreaField
from wtforms.validators import Length, Optional

from views.forms import carried

STEPS = ["Time", "Confirm"]


class ShownForm(FlaskForm):
    """What stood on the page: the amount, which is never exceeded."""

    shown = HiddenField()
    slot = HiddenField()

    @property
    def shown_minor(self):
        """The amount that the page showed; a page that showed none promised that it is free."""
        return carried(self.shown.data) or 0


class CancelForm(ShownForm):
    slot = None
    why = TextAreaField(
        "Why are you cancelling?", [Optional(), Length(max=500, message="Keep the reason under 500 characters")]
    )
