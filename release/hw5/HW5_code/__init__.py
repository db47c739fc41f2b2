"""The support code of HW5: data, layers, optimisation and plots for small convolutional networks.

The notebook imports what it needs from the modules here; nothing in this folder has to be changed.
"""
