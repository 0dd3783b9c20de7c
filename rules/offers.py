"""One offer as its page and its mail tell of it: the link, who reads it, and how it stands at this moment."""

import hmac
from hashlib import sha256

import settings
from models import Location, Offer, Patient, Provider, Service, WaitlistEntry
from rules import families, policy, searching
from rules.actor import Actor

OVER = {
    "gone": "Somebody was faster: this time has just been taken.",
    "expired": "This offer ran out, and the time went on to the next who wait.",
    "declined": "You said no to this time.",
}


def is_free(service, where, patient) -> bool:
    return searching.opening_at(
        service, where.starts_at, provider=where.provider, location=where.location, patient=patient
    ) is not None  # fmt: skip


def reader_of(entry) -> Patient:
    """Who gets the mail and says yes: who asked for it, as long as they may act for the patient."""
    patient = entry.patient
    if entry.asked_by_id != patient.id:
        asker = Patient.get_by_id(entry.asked_by_id)
        if asker.email and not asker.archived_at and families.acts_for(asker, patient):
            return asker
    if not patient.email:
        return families.reached_through(patient) or patient
    return patient


def actor_of(entry, ip="", agent="") -> Actor:
    """Whoever holds the link out of the mail."""
    reader = reader_of(entry)
    return Actor("patient", reader.id, reader.name, ip=ip, agent=agent, signed_in_how="waitlist link")


def link(offer) -> str:
    """The whole address that stands in the mail."""
    return settings.current().base_url + path(offer)


def path(offer) -> str:
    """The same on a page of ours."""
    return f"/offers/{offer.id}/{_token(offer)}"


def _token(offer) -> str:
    key = settings.current().secret_key.encode()
    return hmac.new(key, f"waitlist offer {offer.id} {offer.nonce}".encode(), sha256).hexdigest()


def named(number: int, token: str) -> Offer | None:
    """The offer that a link names, with all that its page shows; None when the link was not made by us."""
    offer = whole().where(Offer.id == number, Patient.archived_at.is_null()).first()
    if offer is None or not hmac.compare_digest(_token(offer).encode(), token.encode()):
        return None
    return offer


def whole():
    return (
        Offer.select(Offer, WaitlistEntry, Patient, Service, Provider, Location)
        .join_from(Offer, WaitlistEntry)
        .join_from(WaitlistEntry, Patient, on=WaitlistEntry.patient)
        .join_from(Offer, Service)
        .join_from(Offer, Provider)
        .join_from(Offer, Location)
    )


def standing(offer, at) -> str:
    """open, accepted, declined, gone or expired: as it is at this moment, whether or not anybody has noted it."""
    if offer.status != "open":
        return offer.status
    if offer.expires_at <= at:
        return "expired"
    return "open" if is_free(offer.service, offer, None) else "gone"


def instead(offer, how_many=5) -> list:
    """Free times near it, for those who came too late: with the provider and at the place that they wished for."""
    entry = offer.entry
    return searching.nearest(
        offer.service, offer.starts_at, provider=entry.provider_id and offer.provider,
        location=entry.location_id and offer.location, how_many=how_many, patient=entry.patient,
    )  # fmt: skip


def policy_words(offer, current) -> list[str]:
    """What a yes means for cancelling, in amounts and moments."""
    return policy.words_before_booking(current, offer.service, offer.starts_at, offer.location) if current else []


def said_no(offer) -> str:
    """Why an offer is over, kindly."""
    return OVER.get(offer if isinstance(offer, str) else offer.status, "")
