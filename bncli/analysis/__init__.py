"""What the numbers mean: one question for each module, a frozen result for each answer."""
