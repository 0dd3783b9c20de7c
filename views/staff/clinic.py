"""The clinic's own details and footer links, one small form for each part."""

from functools import partial

from flask import Blueprint, abort, url_for
from flask_wtf import FlaskForm
from wtforms import BooleanField, EmailField, SelectField, StringField, TelField, TextAreaField
from wtforms.fields import SelectChoice
from wtforms.validators import Length, Optional

from rules import clinic as details
from rules import profile, reminders
from rules.codes import tidy_email
from rules.refused import Refused
from rules.words import span
from views import guard, respond
from views.forms import EMAIL, WholeNumber, line, obeys

area = Blueprint("clinic", __name__)

CURRENCIES = {
    "USD": "US dollar ($)", "EUR": "Euro (€)", "GBP": "Pound sterling (£)",
    "CAD": "Canadian dollar (CA$)", "AUD": "Australian dollar (A$)",
}  # fmt: skip
SWATCHES = [
    ("#643049", "Plum"), ("#1f4a73", "Ink blue"), ("#2f5730", "Pine"),
    ("#375a5a", "Slate"), ("#8a4b2a", "Clay"), ("#3a3a3a", "Charcoal"),
]  # fmt: skip
NOTE = Length(max=2000, message="Use at most 2,000 letters")


def link(name):
    return StringField(
        name,
        [
            Optional(),
            Length(max=300, message="Use at most 300 letters"),
            obeys(partial(details.checked_link, name=name)),
        ],
        filters=[profile.tidy],
        render_kw={"inputmode": "url", "autocapitalize": "none", "spellcheck": "false", "maxlength": 300},
    )


class NamesForm(FlaskForm):
    name = line("Name of the clinic", 120, "organization", missing="Enter the clinic’s name")
    tagline = line("Line below the name", 200, "off")
    phone = TelField(
        "Phone",
        [Optional(), Length(max=32, message="Use at most 32 letters"), obeys(details.checked_phone)],
        filters=[profile.tidy],
    )
    email = EmailField(
        "E-mail address",
        [Optional(), obeys(tidy_email)],
        filters=[profile.tidy],
        render_kw=EMAIL,
    )


class NotesForm(FlaskForm):
    important_note = TextAreaField(
        "Important note on the patient’s home page", [Optional(), NOTE], filters=[profile.tidy_text]
    )
    emergency_words = TextAreaField(
        "What to do when worried after a visit", [Optional(), NOTE], filters=[profile.tidy_text]
    )


class LookForm(FlaskForm):
    accent = StringField(
        "Accent colour",
        [Optional(), obeys(details.checked_accent)],
        filters=[profile.tidy],
        render_kw={"maxlength": 7, "autocapitalize": "none", "spellcheck": "false"},
    )
    currency = SelectField("Currency", choices=[SelectChoice(*each) for each in CURRENCIES.items()])


class LinksForm(FlaskForm):
    website_url = link("Website")
    instagram_url = link("Instagram")
    facebook_url = link("Facebook")
    youtube_url = link("YouTube")
    linkedin_url = link("LinkedIn")
    messenger_url = link("Messenger")


class BookingForm(FlaskForm):
    lead_minutes = WholeNumber("Least notice for a booking, in minutes", 0, 20160, "minutes")
    horizon_days = WholeNumber("How far ahead patients can book, in days", 1, 730, "days")
    slot_minutes = WholeNumber("Offer a time every … minutes", 5, 240, "minutes")
    grace_minutes = WholeNumber("A booking can be undone free of charge for … minutes", 0, 60, "minutes")
    hold_minutes = WholeNumber("A chosen time is held for … minutes", 3, 60, "minutes")
    close_gaps = BooleanField("Offer times first that leave no gap too short for any service")


class HoursField(StringField):
    """Hours before a visit, typed as 72, 24; its data is a list."""

    def process_formdata(self, valuelist):
        self.data = valuelist[0] if valuelist else ""

    def _value(self):
        return ", ".join(map(str, self.data)) if isinstance(self.data, list) else self.data or ""


class RemindersForm(FlaskForm):
    remind_hours = HoursField("Hours before the visit", [obeys(reminders.checked_hours)], render_kw={"maxlength": 40})


class SigningForm(FlaskForm):
    adult_age = WholeNumber("Patients sign alone from the age of …", 14, 25, "years")


class PortalForm(FlaskForm):
    patient_idle_minutes = WholeNumber("Sign patients out after … idle minutes", 5, 120, "minutes")
    staff_idle_minutes = WholeNumber("Sign staff out after … idle minutes", 5, 480, "minutes")
    instructions_in_mail = BooleanField("Put the text of instructions into the mail")


# Each part: its heading, its form, and how its values read on the page.
SECTIONS = {
    "names": ("Name and contact", NamesForm),
    "notes": ("Words for patients", NotesForm),
    "look": ("Colour and currency", LookForm),
    "links": ("Links in the footer", LinksForm),
    "booking": ("Booking", BookingForm),
    "reminders": ("Reminders of open paperwork", RemindersForm),
    "signing": ("Signing consents", SigningForm),
    "portal": ("Signing out and mail", PortalForm),
}


@area.get("/staff/clinic")
@guard.audience("staff", "owner")
def overview():
    return respond.page("staff/clinic/clinic.html", parts=parts(details.the_clinic()))


@area.get("/staff/clinic/<section>")
@guard.audience("staff", "owner")
def part(section):
    form = form_of(section)(formdata=None, obj=details.the_clinic())
    return part_page(section, form)


@area.post("/staff/clinic/<section>")
@guard.audience("staff", "owner")
def save(section):
    form = form_of(section)()
    if form.validate():
        try:
            values = {name: value for name, value in form.data.items() if name != "csrf_token"}
            details.change(guard.by(), **values)
            return respond.done(url_for(".overview"), f"Saved: {SECTIONS[section][0].lower()}.")
        except Refused as no:
            respond.refuse(form, no)
    return part_page(section, form)


def form_of(section):
    return SECTIONS[section][1] if section in SECTIONS else abort(404)


def part_page(section, form):
    return respond.form_page(
        "staff/clinic/part.html",
        form,
        section=section,
        heading=SECTIONS[section][0],
        swatches=SWATCHES,
        currency_stands=details.currency_stands(),
    )


NOBODY_READS = "Not filled in: nobody gets a mail when a patient checks in worried"


def parts(clinic):
    """What stands in each part, in words: (heading, section, [(label, value)])."""
    money = CURRENCIES.get(clinic.currency, clinic.currency)
    none = "Not filled in"
    told = {
        "names": [
            ("Name", clinic.name), ("Line below it", clinic.tagline or none),
            ("Phone", clinic.phone or none), ("E-mail", clinic.email or NOBODY_READS),
        ],
        "notes": [("Important note", clinic.important_note or none), ("When worried", clinic.emergency_words or none)],
        "look": [("Accent", clinic.accent or "Foyer’s own plum"), ("Currency", money)],
        "links": [(name, getattr(clinic, link) or none) for link, name in details.LINKS.items()],
        "booking": [
            ("Least notice", span(clinic.lead_minutes)), ("How far ahead", span(clinic.horizon_days * 1440)),
            ("A time every", span(clinic.slot_minutes)), ("Undo a booking for", span(clinic.grace_minutes)),
            ("Hold a chosen time for", span(clinic.hold_minutes)),
            ("Times that leave no gap", "Offered first" if clinic.close_gaps else "As all others"),
        ],
        "reminders": [("Sent", reminders.hours_words(clinic.remind_hours))],
        "signing": [("Of age", f"From {clinic.adult_age} years; younger patients with a guardian")],
        "portal": [
            ("Patients idle out after", span(clinic.patient_idle_minutes)),
            ("Staff idle out after", span(clinic.staff_idle_minutes)),
            ("Instructions by mail", "Their text" if clinic.instructions_in_mail else "A link to the portal"),
        ],
    }  # fmt: skip
    return [(heading, section, told[section]) for section, (heading, _form) in SECTIONS.items()]
