"""The tests of Foyer; they read as sentences."""
