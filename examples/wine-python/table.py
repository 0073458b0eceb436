import numpy


def read(path):
    """Features and the target, which is the last column."""
    table = numpy.loadtxt(path, delimiter=",", skiprows=1)
    return table[:, :-1], table[:, -1]
