"""Whoever changes train.py so that it learns otherwise hears of it here."""

import train


def test_the_network_learns_as_it_did(curve_band):
    curve_band("band.json", train.train(*train.digits(), seed=1000))
