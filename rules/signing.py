"""Signatures: what was signed, by whom, how and from where, so that any later change to it is found."""

import json
import math
from hashlib import sha256

from markupsafe import Markup

from clock import now
from database import write_tx
from models import Signature
from rules import trail
from rules.profile import tidy
from rules.refused import Refused

MOST_POINTS = 20_000
MOST_STROKES = 500
WIDEST, HIGHEST = 2_000.0, 1_000.0  # pixels of any signing pad; points beyond are pulled to the edge
SHORTEST = 20.0  # pixels of line that make a signature more than a dot
NOTHING_DRAWN = "Sign with your finger, pen or mouse in the box, or type your name instead."
TOO_SHORT = "That is only a dot. Draw your whole signature, or type your name instead."
UNREADABLE = "The drawing did not arrive whole. Please draw it again, or type your name instead."


def sign(*, patient, by, text, version_digest, method, signer_name, strokes=None, task=None, membership=None,
         time_zone, role="patient", details=None) -> Signature:  # fmt: skip
    """Store the evidence that this person signed exactly this text, now; call it in the transaction of its cause.

    `role` says as what they sign, once per task; `details` is what they gave beside the signature: initials,
    permissions, a relationship. `strokes` is what signature_pad's toData() gives, as JSON text or as lists. Refused
    (fields "strokes" and "full_name") for a drawing of nothing or of a dot, and for a missing name. What a consent
    becomes by it is sealed in a job.
    """
    if method not in ("drawn", "typed"):
        raise Refused("Choose how you sign: draw your signature or type your name.", "method")
    name = tidy(signer_name)
    if sum(letter.isalpha() for letter in name) < 2:
        raise Refused("Type your full name to sign.", "full_name")
    if len(name) > 160:
        raise Refused("Keep your name to 160 characters or fewer.", "full_name")
    with write_tx():
        signature = Signature(
            task=task, membership=membership, patient=patient, method=method, signer_name=name,
            strokes=cleaned(strokes) if method == "drawn" else None,
            shown_text=text, shown_digest=sha256(text.encode()).hexdigest(), version_digest=version_digest,
            signed_at=now(), time_zone=time_zone, ip=by.ip, agent=by.agent, session_number=by.session_number,
            signed_in_how=by.signed_in_how, role=role, details=details or {},
        )  # fmt: skip
        signature.evidence_digest = evidence_digest(signature)
        signature.save(force_insert=True)
        subject = f"task {signature.task_id}" if task else f"membership {signature.membership_id}"
        trail.record(
            by, "signed", subject, patient=patient, signature=signature.id, role=role, method=method,
            evidence=signature.evidence_digest,
        )  # fmt: skip
        if task:
            from rules import sealing  # here, since it reads signatures by these rules

            sealing.put(signature)
        return signature


def evidence_digest(signature: Signature) -> str:
    """SHA-256 over all that the signature row holds, the digest itself left out.

    A patient's plain signature has neither a role nor details in it: so were the first ones, and they stay verified.
    """
    told = [
        signature.task_id,
        signature.membership_id,
        signature.patient_id,
        signature.method,
        signature.signer_name,
        signature.strokes,
        signature.shown_text,
        signature.shown_digest,
        signature.version_digest,
        signature.signed_at.isoformat(timespec="microseconds"),
        signature.time_zone,
        signature.ip,
        signature.agent,
        signature.session_number,
        signature.signed_in_how,
    ]
    if signature.role != "patient" or signature.details:
        told += [signature.role, signature.details]
    return sha256(json.dumps(told, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def verify(signature: Signature) -> bool:
    """Whether the row is what was written when it was signed."""
    return text_stands(signature) and evidence_digest(signature) == signature.evidence_digest


def text_stands(signature: Signature) -> bool:
    return sha256(signature.shown_text.encode()).hexdigest() == signature.shown_digest


def cleaned(strokes) -> list[dict]:
    """The drawing as finite, clamped numbers: [{"points": [{x, y, time, pressure}]}]. Refused when it is none."""
    if isinstance(strokes, str):
        try:
            strokes = json.loads(strokes) if strokes.strip() else []
        except (ValueError, RecursionError):
            raise Refused(UNREADABLE, "strokes") from None
    if not strokes:
        raise Refused(NOTHING_DRAWN, "strokes")
    try:
        if len(strokes) > MOST_STROKES or sum(len(stroke["points"]) for stroke in strokes) > MOST_POINTS:
            raise Refused("That drawing is too long. Please draw your signature again.", "strokes")
        tidy = [{"points": [_point(point) for point in stroke["points"]]} for stroke in strokes if stroke["points"]]
    except (TypeError, KeyError, ValueError, AttributeError, OverflowError):
        raise Refused(UNREADABLE, "strokes") from None
    if not tidy:
        raise Refused(NOTHING_DRAWN, "strokes")
    if _length(tidy) < SHORTEST:
        raise Refused(TOO_SHORT, "strokes")
    return tidy


def _point(point) -> dict:
    x, y = _finite(point["x"]), _finite(point["y"])
    return {
        "x": round(min(max(x, 0.0), WIDEST), 2),
        "y": round(min(max(y, 0.0), HIGHEST), 2),
        "time": int(min(max(_finite(point.get("time", 0)), 0), 10**14)),
        "pressure": round(min(max(_finite(point.get("pressure", 0)), 0.0), 1.0), 3),
    }


def _finite(value) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError("not a number")
    value = float(value)
    if not math.isfinite(value):
        raise ValueError("not finite")
    return value


def _length(strokes) -> float:
    return sum(
        math.dist((a["x"], a["y"]), (b["x"], b["y"]))
        for stroke in strokes
        for a, b in zip(stroke["points"], stroke["points"][1:], strict=False)
    )


def svg(strokes: list[dict]) -> Markup:
    """The drawing as SVG, made here from numbers alone, cut to its own size; nothing of the client's is printed."""
    lines = [[(float(point["x"]), float(point["y"])) for point in stroke["points"]] for stroke in strokes]
    xs, ys = [x for line in lines for x, _ in line], [y for line in lines for _, y in line]
    left, top = min(xs) - 6, min(ys) - 6
    width, height = max(xs) - left + 6, max(ys) - top + 6
    shapes = []
    for line in lines:
        points = [(x - left, y - top) for x, y in line]
        if len(points) == 1:
            shapes.append(f'<circle cx="{points[0][0]:.1f}" cy="{points[0][1]:.1f}" r="1.6" fill="currentColor"/>')
            continue
        path = f"M{points[0][0]:.1f},{points[0][1]:.1f}"
        for (ax, ay), (bx, by) in zip(points[1:], [*points[2:], points[-1]], strict=True):
            path += f"Q{ax:.1f},{ay:.1f} {(ax + bx) / 2:.1f},{(ay + by) / 2:.1f}"
        shapes.append(f'<path d="{path}"/>')
    frame = f'viewBox="0 0 {width:.1f} {height:.1f}" width="{width:.0f}" height="{height:.0f}"'
    pen = 'fill="none" stroke="currentColor" stroke-width="2.2" stroke-linecap="round" stroke-linejoin="round"'
    head = '<svg class="signature-drawing" role="img" aria-label="Drawn signature"'
    return Markup(f"{head} {frame} {pen}>{''.join(shapes)}</svg>")  # noqa: S704 - only formatted floats reach it
