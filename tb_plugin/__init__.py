"""The Latent plugin for TensorBoard: `tb_plugin.summary` logs a latent space, the Latent tab explores it.

Nothing in this package imports TensorFlow.
"""
