"""The clinic's own details and footer links."""

from flask import Blueprint

area = Blueprint("clinic", __name__)
