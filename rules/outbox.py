"""The outbox: messages written in the transaction of their cause, claimed before sending, settled after."""

on_put = None  # portal.py sets it to tasks.wake; rules never import tasks
