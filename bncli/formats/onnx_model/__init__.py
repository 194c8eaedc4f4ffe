"""The parts of an ONNX model that bncli looks at: tensors, nodes, and what the inputs of a node are."""
