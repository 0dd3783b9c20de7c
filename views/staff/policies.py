"""The cancellation policy and its versions."""

from flask import Blueprint

area = Blueprint("policies", __name__)
