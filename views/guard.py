"""Who may pass: every route declares its audience, and a row is found through the person who asks.

Closed by default: a route without an audience answers 403. A stranger's row answers 404, a wrong role 403.
"""

import re
import secrets
from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import urlsplit

from flask import abort, current_app, g, redirect, request, session, url_for
from flask_login import LoginManager, current_user
from htmx_flask import make_response

from clock import now
from models import Appointment, Paperwork, Patient, Photo, Staff, Task
from rules import accounts, families, handover, kept
from rules.actor import Actor
from rules.clinic import the_clinic

TYPED = re.compile(r"/tasks/\d+/(answers|submission|sections/\d+)|/profile/[a-z]+")
NOT_TYPED = ("csrf_token", "kept", "only")  # "only" names the one answer that saves itself; all of them are sent later

TOO_LARGE = "A photo can be up to 15 MB. Please go back and choose a smaller one. What was saved before is still there."

# With a file in it each field of a form is a part. Of a section with 199 lists and a photo these are 40 rows of a name
# and a note and what is hidden beside each; the limit of all other forms is far below that.
MOST_PARTS = 20_000

login = LoginManager()
login.session_protection = None  # sessions live in our own table, where they end on the server


@dataclass
class Person:
    """Whoever is signed in on this browser, as Flask-Login wants to see them."""

    row: Patient | Staff
    session: object
    token: str

    is_authenticated = True
    is_active = True
    is_anonymous = False

    def get_id(self):
        return self.token

    @property
    def kind(self):
        return "staff" if isinstance(self.row, Staff) else "patient"

    @property
    def name(self):
        return self.row.name

    @property
    def role(self):
        return self.row.role if self.kind == "staff" else None


def audience(who: str, *roles: str):
    """Declare who a route is for: "everyone", "patient", "staff" (with the roles that may, or all) or "handed"."""

    def mark(view):
        view.audience = (who, roles)
        return view

    return mark


def takes_files(limit_mb: int):
    """Declare that a route's form may carry files, and how large all of it may be; anywhere else a file is refused."""

    def mark(view):
        view.takes_files = limit_mb * 1024 * 1024
        return view

    return mark


def makes_room() -> bool:
    """Whether this request may carry files. For somebody who is signed in, or whose link is proven, it may then be as
    large as its route says.

    A stranger's may not, unless the page is for everyone: a form is read before it is known who may pass.
    """
    view = current_app.view_functions.get(request.endpoint)
    limit = getattr(view, "takes_files", 0)
    if limit and (view.audience[0] == "everyone" or current_user.is_authenticated or _proven() is not None):
        request.max_content_length = limit
        if view.audience[0] != "everyone":
            request.max_form_parts = MOST_PARTS
    return bool(limit)


def check():
    """Before each request: let the right people pass. Registered once, by portal.py."""
    if request.endpoint is None:
        return None  # no such address; the error page answers 404
    who, roles = getattr(current_app.view_functions[request.endpoint], "audience", ("nobody", ()))
    if who == "everyone":
        return None
    if who == "handed":
        return pass_handed()
    if who not in ("patient", "staff"):
        abort(403)
    if not current_user.is_authenticated:
        return ask_to_sign_in(who)
    if current_user.kind != who or (roles and current_user.role not in roles):
        abort(403)
    if request.method == "POST" and "kept" in session and request.form.get("kept") == str(session["kept"]):
        kept.drop(session.pop("kept"), current_user.row)
    return None


def pass_handed():
    """Whoever opened a hand-over link in this browser; its lookup is the permission, and nobody is signed in by it."""
    hand_over, at = _link(), int(now().timestamp())
    if hand_over is None:
        abort(410)
    if _proven() is None:
        door = url_for("handover.door")  # the birth date is asked for, once more after a rest
        return make_response("", redirect=door) if request.htmx else redirect(door, 303)
    if at - int(session.get("handed_at", 0)) >= 60:
        session["handed_at"] = at
    g.hand_over = hand_over
    if handover.is_over(hand_over) and request.endpoint != "handover.home":
        home = url_for("handover.home")
        return make_response("", redirect=home) if request.htmx else redirect(home, 303)
    return None


def _link():
    """The link that this browser came by, looked up once for each request."""
    if "link" not in g:
        g.link = handover.of_digest(session.get("handed"))
    return g.link


def _proven():
    """The same, when its birth date was proven in this browser and not too long ago; None otherwise."""
    hand_over, rested = _link(), int(session.get("handed_at", 0))
    if hand_over is None:
        return None
    if "clinic" not in g:
        g.clinic = the_clinic()
    idle = not 0 <= int(now().timestamp()) - rested < 60 * g.clinic.patient_idle_minutes
    return None if idle or hand_over.browser_digest != browser_secret() else hand_over


def ask_to_sign_in(who: str):
    """To the sign-in page; a fragment must not be filled with it, so htmx is told to go there."""
    endpoint = "staff_signin.signin" if who == "staff" else "signin.start"
    if request.method == "POST" and who == "patient":
        keep_what_was_typed()
    back = request.full_path.rstrip("?") if request.method == "GET" and not request.htmx else page_before()
    if back == "/":
        back = None
    target = url_for(endpoint, next=back)
    return make_response("", redirect=target) if request.htmx else redirect(target, 303)


def page_before() -> str | None:
    """The page of ours that sent this request, as far as the browser tells; the sign-in page checks the path."""
    try:
        parts = urlsplit(request.headers.get("HX-Current-URL") or request.referrer or "")
    except ValueError:  # no browser of ours says this
        return None
    if parts.netloc != request.host:
        return None
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def keep_what_was_typed() -> None:
    """Answers and details outlast the session; decisions, signatures and codes are made again on their own page."""
    if not TYPED.fullmatch(request.path):
        return
    said = [[name, value] for name, value in request.form.items(multi=True) if name not in NOT_TYPED]
    kept.keep(browser_secret(), session.get("_user_id"), request.path, said)


@login.user_loader
def load(token: str):
    """The person behind a session token, or None once it ended, idled out or was archived."""
    found = accounts.session_of(token, attended="unattended" not in request.args)
    if found is None:
        return None
    if getattr(found, "clinic", None) and "clinic" not in g:
        g.clinic = found.clinic  # it came with the same query
    return Person(found.patient or found.staff, found, token)


def me() -> Patient | Staff:
    """The signed-in patient's, or member of staff's, own row."""
    return current_user.row


def by() -> Actor:
    """The signed-in person as the actor of a rule; nobody signed in is an actor without a number."""
    where = {"ip": request.remote_addr or "", "agent": (request.user_agent.string or "")[:300]}
    if not current_user.is_authenticated:
        return Actor("patient", None, "not signed in", **where)
    return Actor(
        current_user.kind,
        current_user.row.id,
        current_user.name,
        session_number=current_user.session.id,
        signed_in_how=current_user.session.how,
        **where,
    )


def persons() -> list[Patient]:
    """The signed-in patient and, after them, those whom they act for at this moment."""
    return [me(), *(it.other for it in families.may_act_for(me()))]


def person(number: int | str | None) -> Patient:
    """One of those, by number; 404 for everybody else, and for what is no number."""
    return next((it for it in persons() if str(it.id) == str(number)), None) or abort(404)


def is_mine(row) -> bool:
    """Whether a row is the signed-in patient's own, and not of somebody they act for."""
    return row.patient_id == me().id


def mine(query_or_model, number: int):
    """A row of the signed-in patient, or 404. Takes a model (with a `patient` field) or a select of one.

    A visit may also be that of somebody they act for, and so may a questionnaire or an instruction with its photos;
    whether they still do is asked in the same query. What a person signs is theirs alone.
    """
    model = getattr(query_or_model, "model", query_or_model)
    query = query_or_model.select() if model is query_or_model else query_or_model
    row = query.where((model.id == number) & _reached(model)).first()
    return row if row is not None else abort(404)


def _reached(model):
    own = model.patient == me().id
    if model not in (Appointment, Task, Photo):
        return own
    theirs = model.patient.in_(families.others(me()))
    if model is Task:
        theirs &= Task.paperwork.in_(unsigned_papers())
    if model is Photo:
        theirs &= Photo.task.in_(Task.select(Task.id).where(Task.paperwork.in_(unsigned_papers())))
    return own | theirs


def unsigned_papers():
    """The numbers of all paperwork that nobody signs."""
    return Paperwork.select(Paperwork.id).where(Paperwork.kind != "consent")


def others_consent(query, number: int):
    """A consent of somebody the signed-in patient acts for, to say how it is signed, or None: it opens nothing else."""
    theirs = Task.patient.in_(families.others(me())) & Task.paperwork.not_in(unsigned_papers())
    return query.where((Task.id == number) & theirs).first()


def found(query_or_model, number: int):
    """A row that any member of staff may see, or that everyone may; 404 when there is none."""
    model = getattr(query_or_model, "model", query_or_model)
    query = query_or_model.select() if model is query_or_model else query_or_model
    row = query.where(model.id == number).first()
    return row if row is not None else abort(404)


def browser_secret() -> str:
    """A digest of this browser's own random secret: a code works only where it was asked for."""
    if "browser" not in session:
        session["browser"] = secrets.token_urlsafe(24)
    return sha256(session["browser"].encode()).hexdigest()
