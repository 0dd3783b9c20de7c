"""Sends the outbox: claims the oldest due message, writes its letter, hands it to the mail gateway, settles it.

At least once, whatever is killed when; a repeat has the same Message-ID. Whoever claims a message gets a number
(attempts) and can settle it only under that; no transaction is open while a mail server is being talked to.
"""

import logging
import time
from datetime import timedelta
from functools import partial

from peewee import OperationalError

from clock import now
from database import write_tx
from gateways import mail
from models import Delivery
from rules import faults, letters

log = logging.getLogger("foyer.sending")

LEASE = timedelta(minutes=10)  # longer than the slowest conversation with a mail server
PAUSES = (1, 2, 5, 15, 60)  # minutes after the first, second … failure; the last one repeats
PAUSES_WHEN_AWAY = (1, 2, 5)  # a mail server that is away is asked again soon: it is one question for all
GIVE_UP = timedelta(hours=48)


def due(moment):
    """Oldest first: what should have gone by now and is in nobody's hands."""
    ready = Delivery.status.in_(("waiting", "sending")) & (Delivery.due_at <= moment)
    free = Delivery.lease_until.is_null() | (Delivery.lease_until <= moment)
    return Delivery.select().where(ready, free).order_by(Delivery.due_at, Delivery.id)


def claim():
    """Take the oldest due message for LEASE, under a new number of attempts; None when nothing is due."""
    if not due(now()).exists():
        return None  # most looks find nothing, and need not queue for the right to write
    with write_tx():
        moment = now()
        delivery = due(moment).first()
        if delivery is None:
            return None
        delivery.status, delivery.attempts, delivery.lease_until = "sending", delivery.attempts + 1, moment + LEASE
        delivery.save()
        return delivery


def send_due(going=lambda: True) -> int:
    """Send all that is due, oldest first; returns how many went. Call it outside any transaction.

    `going` is asked before each message, so that a process that is told to stop leaves nothing half done.
    """
    sent = 0
    while going() and (delivery := claim()) is not None:
        outcome = attempt(delivery)
        stubborn(partial(settle, delivery, **outcome))
        sent += outcome["status"] == "sent"
    return sent


def attempt(delivery) -> dict:
    """Compose and send one claimed message; returns what became of it, as settle wants it."""
    try:
        letter = letters.compose(delivery)
        mail.send(letters.envelope(letter, delivery), letter.to)
    except letters.NotNow as no:
        return {"status": no.status, "outcome": no.reason, "due_at": no.due_at}
    except mail.NeverDeliverable as no:
        return {"status": "failed", "outcome": no.reason}
    except mail.ServerAway as no:
        return {"status": "waiting", "outcome": no.reason, "pauses": PAUSES_WHEN_AWAY, "for_all": True}
    except mail.TryLater as no:
        return {"status": "waiting", "outcome": no.reason, "pauses": PAUSES}
    except Exception as error:
        reference = faults.note(error, f"delivery {delivery.kind}")
        return {"status": "waiting", "outcome": f"Foyer could not write it, fault {reference}", "pauses": PAUSES}
    return {"status": "sent", "outcome": ""}


def settle(delivery, *, status: str, outcome: str, due_at=None, pauses=None, for_all: bool = False) -> bool:
    """Write down what became of a claimed message; False when the claim was lost to somebody else meanwhile.

    `due_at` is a better moment that the letter named; `pauses` means a failure, to be tried again after the next of
    them; `for_all`: the mail server is away, so everything else that is due pauses too, without asking it again.
    """
    with write_tx():
        held = Delivery.update(_facts(delivery, status, outcome, due_at, pauses)).where(
            Delivery.id == delivery.id, Delivery.attempts == delivery.attempts, Delivery.status == "sending"
        )
        if not held.execute():
            log.warning("delivery %s was settled by somebody else", delivery.id)
            return False
        for other in list(due(now())) if for_all else []:
            facts = _facts(other, status, outcome, None, pauses)
            Delivery.update(facts).where(Delivery.id == other.id, Delivery.attempts == other.attempts).execute()
        if status == "sent":  # the server is there, so what waited for it need not wait any longer
            back = Delivery.update(awaits_server=False, lease_until=None)
            back.where(Delivery.status == "waiting", Delivery.awaits_server).execute()
    log.info("delivery %s (%s): %s %s", delivery.id, delivery.kind, status, outcome)
    return True


def _facts(delivery, status, outcome, due_at, pauses):
    moment = now()
    if pauses is None:
        facts = {"status": status, "outcome": outcome, "lease_until": None, "awaits_server": False}
        if due_at is not None:
            return {**facts, "due_at": due_at, "failures": 0, "failing_since": None}
        return {**facts, "settled_at": moment}
    since, failures = delivery.failing_since or moment, delivery.failures + 1
    kept = {"failures": failures, "failing_since": since, "awaits_server": pauses is PAUSES_WHEN_AWAY}
    if moment - since >= GIVE_UP:
        words = f"{outcome}. Tried {failures} times in two days, then given up"
        return {"status": "failed", "outcome": words, "settled_at": moment, "lease_until": None, **kept}
    pause = timedelta(minutes=pauses[min(failures, len(pauses)) - 1])
    return {"status": "waiting", "outcome": outcome, "lease_until": moment + pause, **kept}


def stubborn(call, tries: int = 6) -> None:
    """Run a short write that must not be lost to a busy database: the letter is already gone."""
    for left in reversed(range(tries)):
        try:
            call()
            return
        except OperationalError:
            if not left:
                raise
            time.sleep(1)


def release() -> int:
    """Give back what a dead process was sending. Only for the one process that sends, when it starts."""
    with write_tx():
        query = Delivery.update(status="waiting", lease_until=None)
        return query.where(Delivery.status == "sending").execute()
