"""Watches a live torch model: the batch statistics of its batch-normalization layers, step after step, into a file."""
