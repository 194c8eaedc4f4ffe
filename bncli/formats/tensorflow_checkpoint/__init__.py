"""What TensorFlow's checkpoints are made of: a sorted table, entries of tensors, and the graph of objects."""
