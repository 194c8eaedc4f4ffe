"""What the inert objects of a pickle mean: torch's tensors and modules, NumPy's arrays, and the names they go by."""
