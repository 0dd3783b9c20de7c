"""How every page answers: whole page or partial, 200 or 422, decided once.

A page is partials/<area>/<page>.html; it includes partials/<area>/_<part>.html, whose root element's
id is the part's name. With htmx only that part is sent; the decision never depends on who may see it.
"""

import json

from flask import flash, redirect, render_template, request
from htmx_flask import make_response


def page(template: str, part: str | None = None, status: int = 200, **context):
    """Render `template`; for an htmx request only its `part`, which two pages share when it names a folder."""
    if part and request.htmx.partial:
        folder, _, name = (part if "/" in part else f"{template.rsplit('/', 1)[0]}/{part}").rpartition("/")
        template = f"{folder}/_{name}.html"
    return make_response(render_template(template, **context), status)


def form_page(template: str, form, part: str | None = None, **context):
    """A page with a form: 422 with a summary when the form has errors, 200 otherwise."""
    wrong = bool(form.errors)
    return page(template, part, 422 if wrong else 200, form=form, page_errors=wrong, **context)


def refuse(form, refused) -> None:
    """Put a rule's "no" beside the field it belongs to, or on top of the form."""
    field = form[refused.field] if refused.field and refused.field in form else None
    if field is None:
        form.form_errors.append(refused.words)
    else:
        field.errors = [*field.errors, refused.words]


def done(location: str, words: str | None = None):
    """After a change: 303 to where the person goes next, with words to read there."""
    if words:
        flash(words)
    if request.htmx:
        return make_response("", redirect=location)
    return redirect(location, 303)


def focus(answer, selector: str):
    """Ask the page to move the reader's focus after a swap."""
    answer.headers["HX-Trigger"] = json.dumps({"portal:focus": {"sel": selector}})
    return answer


def pdf(file: bytes, name: str):
    """A file to keep. `name` stands in the reader's downloads, so it says nothing about anybody."""
    answer = make_response(file)
    answer.headers["Content-Type"] = "application/pdf"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    answer.headers["Cache-Control"] = "no-store"
    return answer
