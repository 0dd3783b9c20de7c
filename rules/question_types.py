"""The shape of a question: what it can be, what belongs to which type, and how far each goes.

A question is a dict, stored as JSON on PaperworkVersion.questions, in the order in which it is asked:
  key       [a-z0-9_]{1,40}, unique in its questionnaire and kept for ever: answers are stored under it
  label     what the patient reads; of a section its title, of a note its text
  type      one of TYPES; a section begins a page, and it, a heading and a note ask nothing
  required  whether it must be answered before the answers are sent
  help      a line under the label, or ""
  choices   single, multiple: the answers to choose from
  unit      number: what is counted, or ""
  least, most   number: bounds; scale: the first and the last step; text, long_text: most is the longest length;
                photo: most is how many. None = the type's own bound
  low, high     scale: words at its ends, or ""
And only where they differ from what an older version, which lacks them, means:
  ask       "confirm" or "anew"; otherwise the last answer is filled in
  safety    True: it is always asked anew
  show_if, rules  see rules/conditions.py
  updates   the part of the profile that the answer replaces, one of UPDATES

Answers are stored as JSON: text, "yes"/"no", a choice, a list of choices, "2026-03-01", a number, a list of the keys of
body areas, a list of the ids of photos, and for medication and allergies [{"name", "note"}, …] or "none".
"""

import re
from decimal import Decimal

TYPES = {
    "section": "Section: begins a new page",
    "heading": "Heading",
    "note": "Note to read",
    "text": "Short text",
    "long_text": "Long text",
    "yes_no": "Yes or no",
    "single": "One of several choices",
    "multiple": "Any of several choices",
    "number": "Number",
    "scale": "Scale",
    "date": "Date",
    "email": "E-mail address",
    "phone": "Phone number",
    "body_area": "Areas of face and body",
    "photo": "Photos",
    "medication_list": "List of medication",
    "allergy_list": "List of allergies",
}
ASKS = {
    "prefill": "Fill in the last answer",
    "confirm": "Ask whether the last answer is still true",
    "anew": "Ask anew each time",
}
UPDATES = {"": "Nothing", "allergies": "Allergies", "medication": "Medication", "medical_notes": "Medical notes"}
WITH_CHOICES = ("single", "multiple")
LISTS = ("medication_list", "allergy_list")
LONGEST = {"text": 200, "long_text": 4000}
LONGEST_LABEL = {"note": 2000}  # of the others 300
MOST_QUESTIONS = 200  # sections, headings and notes counted, too
MOST_CHOICES = 30
MOST_CONDITIONS = 10  # of one question
MOST_RULES = 10  # of one question
MOST_STEPS = 11  # of a scale
MOST_PHOTOS = 6  # of one question
MOST_LISTED = 40  # medicines or allergies in one answer
KEY = re.compile(r"[a-z0-9_]{1,40}")
NUMBER_BOUND = 10**9


def most_of(question: dict) -> int:
    """How many photos a question takes."""
    return question.get("most") or MOST_PHOTOS


def number_of(given):
    """What was typed, or is stored already, as an int or a float, or None; a comma may be the decimal point."""
    if isinstance(given, int | float) and not isinstance(given, bool):
        number = Decimal(repr(given))
    else:
        text = str(given).strip().replace(" ", "")
        if re.fullmatch(r"[-+]?\d+,\d{1,2}", text, re.ASCII):
            text = text.replace(",", ".")
        if not re.fullmatch(r"[-+]?(\d{1,12}(\.\d{0,6})?|\.\d{1,6})", text, re.ASCII):
            return None
        number = Decimal(text)
    if not number.is_finite() or abs(number) > NUMBER_BOUND:
        return None
    return int(number) if number == number.to_integral_value() else float(number)
