"""Small checkpoints with one fault each, and their twins without it: what `bncli demo` writes."""
