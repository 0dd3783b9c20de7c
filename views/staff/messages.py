"""Every delivery: sent, waiting, held, skipped or failed, and why."""

from flask import Blueprint

area = Blueprint("messages", __name__)
