"""Plans, joining one, and leaving it."""

from flask import Blueprint

area = Blueprint("memberships", __name__)
