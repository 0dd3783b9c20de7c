"""Every message and what became of it; one that failed or is held can be tried again, or marked as seen."""

from flask import Blueprint, abort, request, url_for

import settings
from clock import now
from models import Delivery
from rules import outbox
from rules.clinic import home_zone
from views import guard, respond

area = Blueprint("messages", __name__)


@area.get("/staff/messages")
@guard.audience("staff")
def listing():
    status, page = request.args.get("status", ""), request.args.get("page", 1, type=int)
    counts = outbox.counts()
    total = counts.get(status, 0) if status else sum(counts.values())
    pages = max(1, -(-total // outbox.PER_PAGE))
    if (status and status not in counts) or not 1 <= page <= pages:
        abort(404)
    return respond.page(
        "staff/messages.html",
        deliveries=outbox.listed(status, page),
        counts=counts,
        chosen=status,
        page=page,
        pages=pages,
        zone=home_zone(),
        status_words=outbox.STATUS_WORDS,
        kind_words=outbox.KIND_WORDS,
        at=now(),
        failed=outbox.unseen().where(Delivery.status == "failed").count(),
        to_a_folder=settings.current().mails_to_a_folder,
    )


@area.post("/staff/messages/<int:number>/again")
@guard.audience("staff", "owner", "desk")
def again(number):
    delivery = guard.found(Delivery, number)
    outbox.try_again(delivery, guard.by())
    there = url_for("messages.listing", status=request.form.get("status") or None)
    return respond.done(there, "It goes out again within a minute.")


@area.post("/staff/messages/<int:number>/seen")
@guard.audience("staff", "owner", "desk")
def seen(number):
    outbox.see(guard.found(Delivery, number), guard.by())
    return respond.done(url_for("messages.listing", status=request.form.get("status") or None), "Noted.")
