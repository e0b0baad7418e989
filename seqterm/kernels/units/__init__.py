"""The mathematics of a cell, once: scalar forward beside scalar backward, compiled by each device's kernels.

A factory takes the activations and returns plain Python functions.  No number stands literally in a formula: an integer or
a float64 constant would lift float32 arithmetic to float64, so `1 - z*z` applied to `d` is written `d - d*z*z`.
"""
