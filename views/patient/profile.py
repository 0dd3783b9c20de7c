"""The patient's own details."""

from flask import Blueprint

area = Blueprint("profile", __name__)
