"""A page that is one file: the tab with the data of some latent spaces, which needs no server and no network."""
