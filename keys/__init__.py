"""Keys: the ring and its states, sealing at rest, blind indexes, token digests, signatures, and where keys are kept."""
