"""The parts of a Caffe net that bncli looks at: layers, their blobs, and which of them belong together."""
