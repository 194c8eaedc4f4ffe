"""The catalogue of `bncli check`: one file for each state of a layer that does harm, with its code in its name."""
