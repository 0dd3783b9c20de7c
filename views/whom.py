"""The forms with which staff look for a patient, or add one."""

from flask_wtf import FlaskForm
from wtforms import DateField, EmailField, SearchField, StringField, TelField
from wtforms.validators import InputRequired, Length, Optional

from rules import accounts, profile
from views.forms import obeys

NAMES = ("first_name", "last_name", "birth_date", "email", "phone")


class SearchForm(FlaskForm):
    """Sent as POST: what somebody searches for is personal, and must not stand in an address."""

    q = SearchField("Name, e-mail or phone", [Length(max=100, message="Search with 100 characters or fewer")])


class PatientForm(FlaskForm):
    first_name = StringField(
        "First name", [InputRequired("Enter the first name"), Length(max=80)], filters=[profile.tidy]
    )
    last_name = StringField("Last name", [InputRequired("Enter the last name"), Length(max=80)], filters=[profile.tidy])
    birth_date = DateField("Birth date", [Optional()])
    email = EmailField("E-mail address", [Optional(), obeys(accounts.tidy_email)])
    phone = TelField("Mobile phone", [Optional(), obeys(profile.tidy_phone)])
