"""Signing in with an e-mailed code, registering, signing out."""

from flask import Blueprint

area = Blueprint("signin", __name__)
