"""Metrics of stages."""
