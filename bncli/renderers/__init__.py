"""How to show it: one module for each output format, from a document to text."""
