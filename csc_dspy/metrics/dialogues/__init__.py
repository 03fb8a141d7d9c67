"""Metrics of dialogues as a whole."""
