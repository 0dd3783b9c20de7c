"""The private calendar feed: whoever knows its address may read it, as a calendar does, signed in nowhere."""

from flask import Blueprint, abort, make_response

from rules import calendar_file, feeds
from views import guard

area = Blueprint("feeds", __name__)


@area.get("/calendar/<token>.ics")
@guard.audience("everyone")
def feed(token):
    found = feeds.find(token)
    if found is None:
        abort(404)
    answer = make_response(feeds.ics(found))
    feeds.note_read(found)
    answer.headers["Content-Type"] = calendar_file.TYPE
    answer.headers["Content-Disposition"] = 'inline; filename="appointments.ics"'
    answer.headers["Cache-Control"] = "private, no-store"
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer
