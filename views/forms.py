"""Form fields of our own: amounts and numbers as people type them, a line of text, a code, and rules as checks."""

import re

from flask_wtf import FlaskForm
from wtforms import DateField, DateTimeLocalField, IntegerField, StringField, TimeField, ValidationError
from wtforms.validators import DataRequired, InputRequired, Length, Optional

from rules.profile import tidy
from rules.refused import Refused

EMAIL = {"autocomplete": "email", "inputmode": "email", "autocapitalize": "none", "spellcheck": "false"}
MOST = 100_000_00  # nothing at a clinic costs more; a slip of the finger does


def carried(text) -> int | None:
    """The number that a page of ours put into a hidden field or an address; None when it is not one."""
    return int(text) if re.fullmatch(r"[0-9]{1,9}", str(text or "")) else None


def row_number(choice) -> int:
    """The number behind one of several choices; a ValueError, which wtforms understands, when it is not one."""
    number = carried(choice)
    if number is None and choice != 0:
        raise ValueError("not a row's number")
    return number or 0


def one_of(rows, number):
    """The row that a filter names, out of those that it offers; None for all others."""
    return next((row for row in rows if str(row.id) == number), None)


class AmountField(StringField):
    """Money typed as 50, 50.00 or 1,250.00; its data is in minor units."""

    def __init__(self, label=None, validators=None, least=0, missing="Enter an amount", **kwargs):
        super().__init__(label, validators, **kwargs)
        self.least = least
        self.missing = missing
        self.flags.required = True

    def process_formdata(self, valuelist):
        self.typed = valuelist[0].strip() if valuelist else ""
        self.data = None
        if not self.typed:
            raise ValueError(self.missing)
        plain = re.sub(r"(?<=\d),(?=\d{3}(\D|$))", "", self.typed)
        if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,2})?", plain):
            raise ValueError("Enter an amount like 50 or 50.00, without a currency sign")
        whole, _, rest = plain.partition(".")
        amount = int(whole) * 100 + int(rest.ljust(2, "0"))
        if not self.least <= amount <= MOST:
            raise ValueError(f"Enter an amount from {self.least // 100}.{self.least % 100:02d} to {MOST // 100:,}.00")
        self.data = amount

    def _value(self):
        if self.raw_data:
            return self.typed
        return "" if self.data is None else f"{self.data // 100}.{self.data % 100:02d}"


class WholeNumber(IntegerField):
    """A whole number within bounds; every wrong input gets the same sentence, in the unit's words."""

    def __init__(self, label=None, least=0, most=1_000_000, unit="", may_be_empty=False, **kwargs):
        super().__init__(label, **kwargs)
        self.least, self.most, self.may_be_empty = least, most, may_be_empty
        self.flags.required = not may_be_empty
        self.words = f"Enter a whole number{f' of {unit}' if unit else ''} from {least:,} to {most:,}"

    def process_formdata(self, valuelist):
        typed = valuelist[0].strip() if valuelist else ""
        self.data = int(typed) if re.fullmatch(r"[0-9]{1,9}", typed) else None
        if not typed and self.may_be_empty:
            return
        if self.data is None or not self.least <= self.data <= self.most:
            raise ValueError(self.words)


class Worded:
    """A field that says in its own `words` what to enter when it cannot read something."""

    words = ""

    def process_formdata(self, valuelist):
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(self.words) from None


class Asked(Worded):
    """One that says the same where nothing was entered."""

    def __init__(self, label=None, words="", **kwargs):
        super().__init__(label, [InputRequired(words)], **kwargs)
        self.words = words


class Clock(Asked, TimeField):
    """A time of the day."""


class Day(Asked, DateField):
    """A day of the calendar."""


class Moment(Asked, DateTimeLocalField):
    """A day and a time of the day, on some wall clock."""


class Hour(Worded, TimeField):
    """A time of the day that may stay empty."""

    words = "Enter a time like 09:00"

    def __init__(self, label, **kwargs):
        super().__init__(label, [Optional()], **kwargs)

    def minute(self) -> int | None:
        return None if self.data is None else self.data.hour * 60 + self.data.minute


def obeys(rule):
    """A validator out of a rule: what the rule gives back is the field's value, its "no" stands beside the field."""

    def check(_form, field):
        try:
            field.data = rule(field.data)
        except Refused as no:
            raise ValidationError(no.words) from None

    return check


def line(label, longest, autocomplete, missing=""):
    """One line of text; `missing` says what to enter, without it the line may stay empty."""
    return StringField(
        label,
        [
            DataRequired(missing) if missing else Optional(),
            Length(max=longest, message=f"Use at most {longest} letters"),
        ],
        filters=[tidy],
        render_kw={"autocomplete": autocomplete},
    )


class CodeForm(FlaskForm):
    """The digits of a code; told to browsers as such, so that they offer to fill it in."""

    code = StringField(
        "Six-digit code",
        [DataRequired("Enter the six digits from the e-mail")],
        render_kw={"autocomplete": "one-time-code", "inputmode": "numeric"},
    )
