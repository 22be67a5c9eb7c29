"""Five dead TensorFlow 1 autoencoder posts, run again on today's TensorFlow, with proof."""

__version__ = "0.1.0"


class UserError(Exception):
    """Something the user can mend. The command line prints it as one line and exits with 2."""


class RunError(Exception):
    """A run that was under way cannot go on. The command line prints it as one line and exits with 1."""
