"""The exercises on training: output layer, loss, gradient, clipping, two optimisers and the loop."""

from lstmlib.check import clipping, loop, loss, optimisers, output_layer

EXERCISES = [output_layer.EXERCISE, *loss.EXERCISES, clipping.EXERCISE, *optimisers.EXERCISES, loop.EXERCISE]
