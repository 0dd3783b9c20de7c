"""An appointment's detail, its calendar file, moving and cancelling it."""

from flask import Blueprint

area = Blueprint("appointments", __name__)
