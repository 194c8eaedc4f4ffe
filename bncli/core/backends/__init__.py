"""The bulk operations of batch normalization, once for each array library."""
