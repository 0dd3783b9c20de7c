"""Tests of the house itself: its imports, its audiences, its speed in queries."""
