def conv_backward_naive(dout, cache):
    while True:
        print("x" * 10000)
