"""The server side of the Latent plugin: its HTTP routes, which http_api.md describes."""
