"""What to show: each result becomes a document for people and a record for programs."""
