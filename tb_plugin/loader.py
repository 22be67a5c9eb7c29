"""What TensorBoard imports at its start: nothing heavy, and no failure that could take TensorBoard along."""

from tensorboard.plugins import base_plugin
from tensorboard.util import tb_logging

from tb_plugin.metadata import PLUGIN_NAME

# TensorBoard itself would keep 10 steps of a run.
DEFAULT_SAMPLES = 100

logger = tb_logging.get_logger()


class LatentLoader(base_plugin.TBLoader):
    """Loads the plugin when TensorBoard sets up its tabs."""

    def fix_flags(self, flags):
        """Keeps DEFAULT_SAMPLES steps per run, for both of TensorBoard's loaders, unless the user said how many."""
        try:
            flags.samples_per_plugin.setdefault(PLUGIN_NAME, DEFAULT_SAMPLES)
        except Exception as error:  # TensorBoard goes on, and keeps its own 10 steps
            logger.warning("The Latent plugin could not raise its number of kept steps: %r", error)

    def load(self, context):
        """Returns the plugin, or None where it cannot be loaded."""
        try:
            from tb_plugin.server.plugin import LatentPlugin

            return LatentPlugin(context)
        except Exception as error:
            logger.warning("The Latent plugin could not be loaded: %r", error)
            return None
