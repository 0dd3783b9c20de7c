"""What a patient allows: photos of them, and signing on a screen; seen here, and taken back here."""

from flask import Blueprint, url_for

from models import Permission
from rules import consents, markdown, notices
from rules.clinic import home_zone
from views import guard, respond

area = Blueprint("permissions", __name__)


@area.get("/permissions")
@guard.audience("patient")
def overview():
    agreed = notices.agreed(guard.me())
    return respond.page(
        "patient/permissions/permissions.html",
        me=guard.me(),
        given=consents.permissions_of(guard.me()),
        words=consents.PERMISSIONS,
        agreed=agreed,
        text=markdown.render(agreed.notice.text) if agreed else "",
        zone=home_zone(),
    )


@area.post("/permissions/<int:number>/revocation")
@guard.audience("patient")
def revoke(number):
    permission = guard.mine(Permission, number)
    consents.revoke(permission, guard.by())
    name = consents.PERMISSIONS[permission.kind][0]
    return respond.done(url_for(".overview"), f"From now on you do not allow this any more: {name}.")


@area.post("/permissions/notice/withdrawal")
@guard.audience("patient")
def withdraw():
    notices.prefer_paper(guard.me(), guard.by())
    return respond.done(url_for(".overview"), "From now on you sign on paper. What you signed before stays valid.")
