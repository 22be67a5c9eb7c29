"""TensorFlow 1 scripts as their authors left them: run, recorded and replayed."""
