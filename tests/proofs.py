"""Whether a plot proves what it should: full proofs, checked by chiapos' own verifier."""

from __future__ import annotations

import hashlib
from pathlib import Path

from chiapos import DiskProver, Verifier


def prove(path: Path, proofs: int = 30) -> int:
    """Ask for challenges until so many full proofs were found right; returns how many it took.

    Raises:
        AssertionError: a proof is wrong, or far too few are found.
    """
    prover, verifier, found, asked = DiskProver(str(path)), Verifier(), 0, 0
    while found < proofs:
        challenge = hashlib.sha256(asked.to_bytes(4, "big")).digest()
        asked += 1
        assert asked < 10 * proofs, f"{found} proofs for {asked} challenges"
        for index, quality in enumerate(prover.get_qualities_for_challenge(challenge)):
            proof = prover.get_full_proof(challenge, index)
            size = prover.get_size()
            assert verifier.validate_proof(prover.get_id(), size, challenge, proof) == quality
            found += 1
    return asked
