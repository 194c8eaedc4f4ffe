"""Programs that torch.export saved: a graph as JSON, and weights as raw bytes."""
