"""Who works here, invitations, and the faults that were reported."""

from flask import Blueprint

area = Blueprint("people", __name__)
