"""Five dead TensorFlow 1 autoencoder posts, run again on today's TensorFlow, with proof."""

__version__ = "0.1.0"


class UserError(Exception):
    """Something the user can mend. The command line prints it as one line and exits with 2."""
