"""What the plugin answers over HTTP."""
