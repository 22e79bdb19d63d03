"""Captures on a cluster."""
