"""Figures, measured as ratios in one run on one machine; never a timed test."""
