"""The form of partials/_signature.html: drawn or typed, and that the person agrees."""

from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField, RadioField, StringField


class SignatureForm(FlaskForm):
    """Fields that rules.signing names in its "no": method, full_name, strokes, agreed. The rule checks them."""

    method = RadioField(
        "How would you like to sign?",
        choices=[("typed", "Type my name"), ("drawn", "Draw my signature")],
        default="typed",
    )
    full_name = StringField("Your full name", render_kw={"autocomplete": "name", "maxlength": 160})
    strokes = HiddenField("Your drawn signature")
    agreed = BooleanField("I have read this and agree")
