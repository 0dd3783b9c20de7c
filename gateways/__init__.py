"""The world outside, one small file each. Gateways know no tables."""
