"""The support code of HW5: data, layers, optimisation and plots for small convolutional networks.

The notebook imports from these modules. You need not change anything in this folder.
"""
