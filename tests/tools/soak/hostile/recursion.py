def deeper(n):
    return deeper(n + 1)


def conv_backward_naive(dout, cache):
    return deeper(0)
