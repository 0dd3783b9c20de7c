"""The mailbox of the demo clinic; its address exists only in a data folder that the demo made."""

from flask import Blueprint

area = Blueprint("demo", __name__)
