"""Builds the app: settings, database, blueprints, error pages, commands. The only file that knows all others."""

import logging
import sys
from pathlib import Path
from urllib.parse import urlsplit

from flask import Flask, current_app, g, render_template, request
from flask_assets import Bundle, Environment
from flask_login import current_user
from flask_wtf import CSRFProtect
from flask_wtf.csrf import CSRFError
from htmx_flask import Htmx
from peewee import OperationalError
from playhouse.pool import MaxConnectionsExceeded
from werkzeug.exceptions import HTTPException, SecurityError
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import IntegerConverter
from whitenoise import WhiteNoise

import settings
import tasks
from commands import add_commands, migrate  # noqa: F401 - whoever builds a portal elsewhere migrates it too
from database import db, open_database
from models import Clinic
from rules import faults, occupying, outbox, words
from rules.refused import Refused
from views import demo, feeds, guard, handover, offers, photos, public, verify
from views.hypermedia import PortalRequest
from views.patient import (
    account,
    appointments,
    booking,
    changes,
    family,
    guardian,
    holds,
    home,
    instructions,
    kept,
    lateness,
    memberships,
    paperwork,
    permissions,
    postponed,
    profile,
    records,
    signin,
    waitlist,
)
from views.staff import appointments as staff_appointments
from views.staff import assignments as staff_assignments
from views.staff import booking as staff_booking
from views.staff import booking_for as staff_booking_for
from views.staff import booking_several as staff_booking_several
from views.staff import calendar as staff_calendar
from views.staff import charges, desk, locations, messages, patients, people, plans, policies, providers, services
from views.staff import check_ins as staff_check_ins
from views.staff import clinic as staff_clinic
from views.staff import exceptions as staff_exceptions
from views.staff import families as staff_families
from views.staff import findings as staff_findings
from views.staff import notice as staff_notice
from views.staff import paperwork as staff_paperwork
from views.staff import pictures as staff_pictures
from views.staff import ready as staff_ready
from views.staff import resources as staff_resources
from views.staff import sealed as staff_sealed
from views.staff import signers as staff_signers
from views.staff import signin as staff_signin
from views.staff import tasks as staff_tasks
from views.staff import waitlist as staff_waitlist

log = logging.getLogger("foyer.portal")
HERE = Path(__file__).resolve().parent
AREAS = [
    public, demo, photos, handover, verify, records, staff_sealed,
    signin, kept, home, booking, holds, appointments,
    changes, postponed, paperwork, instructions, guardian, memberships,
    account, profile, permissions, family, feeds, staff_families, staff_signin, staff_signers, staff_ready,
    staff_assignments,
    desk, staff_calendar, staff_booking_for, staff_booking_several, staff_appointments, staff_booking,
    staff_findings, patients, staff_check_ins, charges, services,
    waitlist, offers, lateness, staff_waitlist,
    staff_paperwork, staff_pictures,
    staff_notice, staff_tasks, providers, staff_exceptions, staff_resources,
    locations, policies, plans, messages, staff_clinic, people,
]  # fmt: skip
AREA_CSS = ["booking", "answering", "builder", "signing", "handover", "instructions", "board", "calendar"]
CSS = ["tokens", "reset", "base", "layout", "components", *AREA_CSS, "print"]
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; object-src 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cache-Control": "no-store",
    "Vary": "Cookie, HX-Request, HX-Request-Type",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # not no-referrer: over https the CSRF check asks for a Referer
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


def create_app(given: settings.Settings | None = None) -> Flask:
    """The whole portal as a WSGI application. Raises BadSetting with a sentence for a bad value."""
    chosen = given or settings.from_environment()
    settings.use(chosen)
    db.initialize(open_database(chosen.database_url))

    app = Flask(__name__, static_folder=None, template_folder="partials")
    app.config.update(
        SECRET_KEY=chosen.secret_key,
        SESSION_COOKIE_NAME="__Host-foyer" if chosen.secure else "foyer",
        SESSION_COOKIE_SECURE=chosen.secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        WTF_CSRF_TIME_LIMIT=None,  # a patient may think for an hour; the token lives as long as the session
        MAX_CONTENT_LENGTH=4 * 1024 * 1024,
        MAX_FORM_MEMORY_SIZE=4 * 1024 * 1024,
        MAX_FORM_PARTS=1000,
        TRUSTED_HOSTS=["localhost", "127.0.0.1", urlsplit(chosen.base_url).hostname],
    )
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    Htmx(app)
    app.request_class = PortalRequest
    app.url_map.converters["int"] = RowNumber
    if chosen.trusted_proxies:
        hops = chosen.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)
    outbox.on_put = occupying.on_free = tasks.wake

    dress(app)
    open_doors(app)
    explain_faults(app)
    add_commands(app)
    for area in AREAS:
        app.register_blueprint(area.area)
    return app


class RowNumber(IntegerConverter):
    """A row's number in an address; one that no database can hold is an unknown address, not a fault."""

    def __init__(self, url_map, **limits):
        super().__init__(url_map, **{"max": 2**63 - 1, **limits})


def dress(app: Flask) -> None:
    """Assets, and what every template may use."""
    assets = Environment(app)
    assets.directory, assets.url = str(HERE / "static"), "/static"
    assets.append_path(str(HERE / "static"), "/static")  # without it Flask-Assets asks for a static route
    assets.manifest, assets.cache = f"json:{HERE / 'static' / 'gen' / 'assets.json'}", False
    assets.auto_build, assets.url_expire = False, False
    sheets = [f"css/{name}.css" for name in CSS]
    scripts = ["vendor/htmx-4.0.1.min.js", "js/app.js", "js/answering.js", "js/calendar.js"]
    signing = ["vendor/signature_pad-5.1.4.umd.min.js", "js/sign.js"]
    assets.register("css", Bundle(*sheets, filters="rcssmin", output="gen/foyer.%(version)s.css"))
    assets.register("js", Bundle(*scripts, filters="rjsmin", output="gen/foyer.%(version)s.js"))
    assets.register("sign", Bundle(*signing, filters="rjsmin", output="gen/sign.%(version)s.js"))

    class Urls(dict):
        def __missing__(self, name):  # the manifest is read once, not at each page
            self[name] = assets[name].urls()[0]
            return self[name]

    app.jinja_env.globals["assets"] = Urls()
    for speak in (
        words.money,
        words.day,
        words.when,
        words.short_when,
        words.time_of_day,
        words.date_words,
        words.span,
    ):
        app.jinja_env.filters[speak.__name__] = speak

    app.wsgi_app = WhiteNoise(
        app.wsgi_app,
        root=HERE / "static",
        prefix="static/",
        immutable_file_test=lambda path, url: url.startswith("/static/gen/"),
    )

    @app.context_processor
    def common():
        handed = request.path.startswith("/handed")  # whoever is signed in has no part in a hand-over link
        return {
            "clinic": the_clinic(),
            "person": current_user if not handed and current_user and current_user.is_authenticated else None,
            "handed": handed,
            "demo": settings.current().demo,
            "page_errors": False,
        }


def the_clinic() -> Clinic:
    """The clinic's row, once per request."""
    if "clinic" not in g:
        g.clinic = Clinic.get_or_none(Clinic.id == 1) or Clinic(id=1, name="Foyer")
    return g.clinic


def open_doors(app: Flask) -> None:
    """What happens before and after every request: database, audience, CSRF, headers."""

    @app.before_request
    def connect():
        if request.endpoint != "public.healthz":
            db.connect(reuse_if_open=True)

    @app.teardown_request
    def disconnect(_error):
        if not db.is_closed():
            db.close()

    @app.before_request
    def only_forms():
        if request.method == "POST":
            if request.headers.get("Sec-Fetch-Site") == "cross-site":
                return problem(403)
            if request.mimetype and request.mimetype not in FORMS:
                return problem(415)
        files_welcome = guard.makes_room()  # before the form is read
        sent = (*request.args.items(multi=True), *request.form.items(multi=True))
        if (request.files and not files_welcome) or any("\0" in text for _, text in sent):  # no page sends these
            return problem(400)
        return None

    guard.login.init_app(app)
    CSRFProtect(app)
    app.before_request(guard.check)

    @app.after_request
    def headers(answer):
        for name, value in HEADERS.items():
            answer.headers.setdefault(name, value)
        if settings.current().secure:
            answer.headers.setdefault("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
        return answer


PROBLEMS = {
    400: ("That did not arrive whole", "Please go back, load the page again and send it once more."),
    403: ("This page is not for this account", "If you think it should be, please ask the clinic."),
    404: ("We cannot find that page", "The address may be mistyped, or it belongs to somebody else."),
    405: ("That cannot be done here", "Please go back and use the button on the page."),
    410: ("This link is closed", "It does not open anything, or not any more. Please ask for a new one."),
    413: ("That is too large", "Please send something smaller."),
    415: ("That is not a form", "Please use the page's own form."),
    429: ("Too many tries", "Please wait a few minutes, then try again."),
    500: ("Something broke on our side", "Nothing was half-done. Please try again in a moment."),
    503: ("We are very busy just now", "Nothing was changed. Please try again in a few seconds."),
}


def problem(status: int, heading: str | None = None, said: str | None = None, reference: str = ""):
    """A plain page for a fault or a "no", in the clinic's look; never more than that."""
    heading, said = heading or PROBLEMS[status][0], said or PROBLEMS[status][1]
    told = {"heading": heading, "words": said, "reference": reference, "status": status}
    try:
        shown = render_template("error.html", **told)
    except Exception:  # the page asks the database who the clinic is, and the database may be what is broken
        log.exception("the page of a problem could not be shown in the clinic's look")
        shown = current_app.jinja_env.get_template("error_plain.html").render(told)
    return shown, status, ({"Retry-After": "5"} if status == 503 else {})


def explain_faults(app: Flask) -> None:
    """Error pages: kind words, a reference number for a fault, never a stack trace."""

    @app.errorhandler(HTTPException)
    def refused_by_http(error):
        code = error.code if error.code in PROBLEMS else 400
        if error.code and error.code < 400:
            return error.get_response()
        if code == 413 and guard.makes_room():
            return problem(413, "That is too large to send", guard.TOO_LARGE)
        return problem(code, reference=g.pop("reference", "") if code == 500 else "")

    @app.errorhandler(SecurityError)
    def another_name(_error):
        return problem(
            400,
            "The portal has another address",
            f"It is set up to be opened at {settings.current().base_url}. "
            "Whoever runs it can change that: the setting is called BASE_URL.",
        )

    @app.errorhandler(CSRFError)
    def stale_form(_error):
        return problem(
            400,
            "This page was open for too long",
            "Please go back, load it again and send it once more. Nothing was changed.",
        )

    @app.errorhandler(Refused)
    def refused(no):
        return problem(409, "That cannot be done", no.words)

    def outside_of_a_view(exc_info):
        g.reference = faults.note(exc_info[1], request.endpoint or "no route")

    app.log_exception = outside_of_a_view  # Flask's own writes the exception's text into the log

    @app.errorhandler(Exception)
    def broken(error):
        busy = isinstance(error, OperationalError) and any(w in str(error).lower() for w in ("locked", "lock timeout"))
        if busy or isinstance(error, MaxConnectionsExceeded):
            return problem(503)
        return problem(500, reference=faults.note(error, request.endpoint or "no route"))


def wsgi() -> Flask:
    """For gunicorn: the app, or one sentence on standard error when a setting cannot be used."""
    lines = logging.StreamHandler()
    lines.setFormatter(faults.Discreet("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[lines])
    try:
        return create_app()
    except (settings.BadSetting, ValueError) as bad:
        sys.exit(f"Foyer cannot start: {bad}")
