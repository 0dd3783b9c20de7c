"""The tables of Foyer, one chapter a file; models.py is their one door."""
