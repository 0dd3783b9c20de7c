"""Limits: how often something may be tried, counted per account and per address, never in the browser."""

import hmac
import ipaddress
from datetime import timedelta

import settings
from clock import now
from database import write_tx
from models import Attempt
from rules import words
from rules.refused import Refused

KEPT = timedelta(days=2)


def spend(what: str, whose: str, most: int, within: timedelta) -> None:
    """Count one try of `what` by `whose`; Refused when there were `most` within that time already.

    The count is durable before the answer is known, so a try that fails half-way still counts.
    """
    bucket, moment = _bucket(what, whose), now()
    with write_tx():
        Attempt.delete().where(Attempt.bucket == bucket, Attempt.at < moment - KEPT).execute()
        since = Attempt.select().where(Attempt.bucket == bucket, Attempt.at > moment - within)
        in_the_way = since.order_by(Attempt.at.desc()).offset(most - 1).first()  # `most` are since this one
        if in_the_way is None:
            Attempt.create(bucket=bucket, at=moment)
    if in_the_way is not None:
        wait = words.span(words.minutes(in_the_way.at + within - moment + timedelta(seconds=59)))
        raise Refused(f"There were too many tries. Please wait {wait}, then try again, or call us.", too_many=True)


def forgive(what: str, whose: str, number: int | None = None) -> None:
    """Take back the newest `number` tries (None: all): the person proved who they are."""
    bucket = _bucket(what, whose)
    with write_tx():
        newest = Attempt.select(Attempt.id).where(Attempt.bucket == bucket).order_by(Attempt.at.desc()).limit(number)
        Attempt.delete().where(Attempt.id.in_([row.id for row in newest])).execute()


def network(ip: str) -> str:
    """The part of an address that one household shares: all of IPv4, the first 64 bits of IPv6."""
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return ip
    return str(ipaddress.ip_network((ip, 64), strict=False)) if address.version == 6 else ip


def _bucket(what, whose):
    secret = settings.current().secret_key.encode()
    return f"{what}:{hmac.new(secret, f'limit:{what}:{whose}'.encode(), 'sha256').hexdigest()[:32]}"
