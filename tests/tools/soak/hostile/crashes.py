import ctypes


def conv_backward_naive(dout, cache):
    ctypes.string_at(0)
