"""A decoder as a graph of layers: what a layer is, its checks, its sizes, and its evaluation in NumPy."""
