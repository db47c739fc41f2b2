"""A compiled sum, so that the homework has something to compile."""

cdef extern from "affinecore_loop.h":
    double affinecore_sum(const double* values, Py_ssize_t count) nogil


def total(const double[::1] values):
    return affinecore_sum(&values[0], values.shape[0])
