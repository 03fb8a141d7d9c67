"""Metrics of strategies, turn by turn."""
