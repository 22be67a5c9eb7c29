"""Callbacks that log a latent space while a framework trains. None of them imports its framework."""
