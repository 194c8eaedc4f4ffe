"""Inspect, normalize and simulate batch-normalization statistics."""

__version__ = "0.1.0"
