"""How often `bncli check` and `bncli diff` name the fault of a small network that was really trained with it."""
