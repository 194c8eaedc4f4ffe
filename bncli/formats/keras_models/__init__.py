"""What Keras says about its layers: in the configuration of a model, and in where it stores their variables."""
