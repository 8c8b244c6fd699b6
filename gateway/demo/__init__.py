"""The demonstration: the whole gateway on synthetic partners, told in plain sentences."""
