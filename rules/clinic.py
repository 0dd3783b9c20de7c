"""The clinic's own details: what may stand there, and that every change of them is told."""

import re
from urllib.parse import urlsplit

from database import Written, write_tx
from models import Appointment, Charge, Clinic, Location, Plan, Policy
from rules import trail
from rules.refused import Refused

# What the accent meets on the page, from static/css/tokens.css: its grounds, and the words on a button of its colour.
LIGHT_GROUNDS, LIGHT_WORDS = ("#f7f2ea", "#efe7da", "#fffdf9"), "#fffdf9"
DARK_GROUNDS, DARK_WORDS = ("#1b1714", "#302923", "#25201c"), "#1b1714"
LEAST_CONTRAST = 4.5  # WCAG 2.2, 1.4.3
LINKS = {
    "website_url": "Website", "instagram_url": "Instagram", "facebook_url": "Facebook",
    "youtube_url": "YouTube", "linkedin_url": "LinkedIn", "messenger_url": "Messenger",
}  # fmt: skip
WASH_LIGHT, WASH_DARK = 0.07, 0.10  # the accent's share in --accent-wash, over the sheet
LIFT, FADE = 0.82, 0.6  # on dark screens: this lightness, and this share of the colour


@Written
def _row():
    return Clinic.select().where(Clinic.id == 1)


def the_clinic() -> Clinic:
    """The clinic's row; a fresh one, not yet saved, where nobody has set it up."""
    return next(iter(_row()), None) or Clinic(id=1, name="Foyer")


def first_zone():
    """The query behind `home_zone`, for those who ask for more at once."""
    return Location.select(Location.time_zone).where(Location.archived_at.is_null()).order_by(Location.id).limit(1)


def home_zone() -> str:
    """The zone of the first location that is open: what belongs to no visit is told, and counted, in this one."""
    return first_zone().scalar() or "UTC"


def begin() -> None:
    """Make the clinic's row with its defaults, once, so that every rule finds it before the owner has filled it in."""
    with write_tx():
        Clinic.insert(id=1, name="Foyer").on_conflict_ignore().execute()


def change(by, **details) -> Clinic:
    """Change some of the clinic's details; the trail keeps what they were. Raises Refused beside the field."""
    for link, name in LINKS.items():
        if details.get(link):
            details[link] = checked_link(details[link], name, link)
    if details.get("phone"):
        details["phone"] = checked_phone(details["phone"])
    if details.get("accent"):
        details["accent"] = checked_accent(details["accent"])
    with write_tx():
        clinic = the_clinic()
        before = {name: getattr(clinic, name) for name in details}
        changed = {name: [before[name], value] for name, value in details.items() if before[name] != value}
        if not changed:
            return clinic
        if "currency" in changed and currency_stands():
            raise Refused(
                f"The currency stays: there are amounts in {clinic.currency} already, and a number means "
                "nothing in another currency.",
                field="currency",
            )
        for name in changed:
            setattr(clinic, name, details[name])
        clinic.save(force_insert=not Clinic.select().where(Clinic.id == 1).exists())
        trail.record(by, "clinic changed", "clinic", changes=changed)
        return clinic


def currency_stands() -> bool:
    """Whether something names an amount in the clinic's currency: a policy, a plan, a visit or a charge."""
    return any(table.select().exists() for table in (Policy, Plan, Appointment, Charge))


def checked_link(text: str, name: str, field: str | None = None) -> str:
    """An https address as it stands in the footer; one typed without https:// gets it."""
    address = text.strip()
    if re.match(r"[\w-]+(\.[\w-]+)+(/|$)", address):
        address = f"https://{address}"
    try:
        parts = urlsplit(address)
        sound = parts.scheme == "https" and "." in (parts.hostname or "") and (parts.port or 443) == 443
        sound = sound and parts.username is None and re.fullmatch(r"[!-~]+", address)
    except ValueError:
        sound = False
    if not sound or re.search(r'[<>"\\`{}|^]', address):
        raise Refused(f"Enter the {name} address in full, like https://www.example.com", field=field)
    return address


def checked_phone(text: str) -> str:
    """A number as the clinic likes to read it; it stands in the footer and can be tapped."""
    digits = sum(sign.isdigit() for sign in text)
    if not re.fullmatch(r"\+?[0-9 ().\-/]+", text) or not 6 <= digits <= 15:
        raise Refused("Enter a phone number like 212 555 0100 or +44 20 7946 0000", field="phone")
    return text


def checked_accent(text: str) -> str:
    """A colour as #rrggbb that can be read wherever the portal uses it, by day and by night."""
    accent = text.strip().lower()
    accent = accent if accent.startswith("#") else f"#{accent}"
    if not re.fullmatch(r"#[0-9a-f]{6}", accent):
        raise Refused("Enter a colour like #643049: a # and six digits or letters from a to f", field="accent")
    by_day, by_night = contrasts(accent)
    if by_day < LEAST_CONTRAST:
        raise Refused(
            f"{accent} is too light to be read on the portal's paper: its contrast is {by_day:.1f} to 1, "
            f"and {LEAST_CONTRAST} is the least. Choose a darker one.",
            field="accent",
        )
    if by_night < LEAST_CONTRAST:
        raise Refused(
            f"{accent} cannot be read on dark screens: its contrast there is {by_night:.1f} to 1, "
            f"and {LEAST_CONTRAST} is the least.",
            field="accent",
        )
    return accent


def contrasts(accent: str) -> tuple[float, float]:
    """The lowest contrast of an accent on light and on dark screens, wherever the style sheets use it."""
    colour = _rgb(accent)
    lifted = _lifted(colour)
    light = [_rgb(ground) for ground in LIGHT_GROUNDS]
    light.append(_mixed(colour, light[-1], WASH_LIGHT))
    dark = [_rgb(ground) for ground in DARK_GROUNDS]
    dark.append(_mixed(lifted, dark[-1], WASH_DARK))
    return (
        min(_contrast(colour, other) for other in [*light, _rgb(LIGHT_WORDS)]),
        min(_contrast(lifted, other) for other in [*dark, _rgb(DARK_WORDS)]),
    )


def _rgb(text: str) -> tuple[float, ...]:
    return tuple(int(text[at : at + 2], 16) / 255 for at in (1, 3, 5))


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4


def _gamma(channel: float) -> float:
    channel = min(max(channel, 0), 1)
    return channel * 12.92 if channel <= 0.0031308 else 1.055 * channel ** (1 / 2.4) - 0.055


def _contrast(one, other) -> float:
    bright = sorted(sum(w * _linear(c) for w, c in zip((0.2126, 0.7152, 0.0722), x, strict=True)) for x in (one, other))
    return (bright[1] + 0.05) / (bright[0] + 0.05)


def _mixed(colour, ground, share: float) -> tuple[float, ...]:
    return tuple(c * share + g * (1 - share) for c, g in zip(colour, ground, strict=True))


def _lifted(colour) -> tuple[float, ...]:
    """What dark screens show of an accent: its hue at one lightness of oklch, clipped to what a screen can show."""
    red, green, blue = map(_linear, colour)
    long = (0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue) ** (1 / 3)
    middle = (0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue) ** (1 / 3)
    short = (0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue) ** (1 / 3)
    a = (1.9779984951 * long - 2.4285922050 * middle + 0.4505937099 * short) * FADE
    b = (0.0259040371 * long + 0.7827717662 * middle - 0.8086757660 * short) * FADE
    long = (LIFT + 0.3963377774 * a + 0.2158037573 * b) ** 3
    middle = (LIFT - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (LIFT - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        _gamma(4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short),
        _gamma(-1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short),
        _gamma(-0.0041960863 * long - 0.7034186147 * middle + 1.7076147010 * short),
    )
