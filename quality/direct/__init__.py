"""Prices to findings in one step: a file, a frame or a panel goes in, nothing has to be made before."""
