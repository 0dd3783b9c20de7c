"""What was charged, what is owed, and receipts."""

from flask import Blueprint

area = Blueprint("account", __name__)
