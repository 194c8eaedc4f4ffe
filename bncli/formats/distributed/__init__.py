"""Checkpoints of torch.distributed: tensors in chunks, spread over the files of a folder."""
