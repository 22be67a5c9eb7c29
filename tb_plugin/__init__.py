"""The Latent plugin of TensorBoard: log a latent space with `tb_plugin.summary`, walk in it in the Latent tab.

Nothing in this package imports TensorFlow.
"""

PLUGIN_NAME = "latent"
