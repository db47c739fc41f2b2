def conv_forward_naive(x, w, b, conv_param):
    kept = []
    while True:
        kept.append(np.ones((1024, 1024)))
