"""Staff sign in with a password, and set it through a one-time link."""

from flask import Blueprint

area = Blueprint("staff_signin", __name__)
