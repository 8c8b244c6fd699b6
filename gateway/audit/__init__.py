"""The Merkle log of audit entries (docs/audit-log.md): tree, tiles, checkpoints, proofs, their offline check. Pure."""
