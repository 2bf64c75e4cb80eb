"""The child of a content check: asks chiapos for proofs and prints one JSON object.

Run as a script: file, number of challenges, bytes of memory. It imports nothing of Plotobot, since
it may be ended at any moment, by the library itself as well.
"""

from __future__ import annotations

import json
import os
import sys
from hashlib import sha256
from typing import Any

NO_PROOF = "GRResult_NoProof"
"""What chiapos says where a compressed plot has dropped a proof, as all of them do at times."""

NO_MEANS = ("Resource temporarily unavailable", "Cannot allocate memory")
"""What it says where no thread or no memory is to be had; nothing to do with the plot."""


class NoMeans(Exception):  # noqa: N818 - it reads as what it is
    """The check cannot be carried out."""


def main(path: str, challenges: int, memory: int) -> None:
    """Check and print."""
    # The library writes noise on the standard output, from C++.
    answer = os.dup(1)
    os.dup2(2, 1)
    _be_modest(memory)
    try:
        found = _check(path, challenges)
    except (NoMeans, MemoryError) as error:
        found = {"failed": _short(error) or "out of memory"}
    os.write(answer, json.dumps(found).encode())
    # Without the library's own clean-up, which has nothing to add.
    os._exit(0)


def _be_modest(memory: int) -> None:
    if sys.platform == "win32":
        return
    import resource

    os.nice(10)
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _check(path: str, challenges: int) -> dict[str, Any]:
    from chiapos import DiskProver, Verifier

    found: dict[str, Any] = {"opened": True, "proofs": 0, "bad": 0, "error": ""}
    try:
        prover = DiskProver(path)
    except (ValueError, RuntimeError) as error:
        return found | {"opened": False, "error": _blamed(error)}
    found["id"] = prover.get_id().hex()
    for number in range(challenges):
        challenge = sha256(number.to_bytes(32, "big")).digest()  # those of `chia plots check`
        try:
            _ask(prover, Verifier(), challenge, found)
        except (ValueError, RuntimeError) as error:
            if NO_PROOF not in str(error):
                found["bad"] += 1
                found["error"] = _blamed(error)
    return found


def _ask(prover: Any, verifier: Any, challenge: bytes, found: dict[str, Any]) -> None:
    for index, quality in enumerate(prover.get_qualities_for_challenge(challenge)):
        try:
            proof = prover.get_full_proof(challenge, index, True)
            valid = verifier.validate_proof(prover.get_id(), prover.get_size(), challenge, proof)
            right, error = valid == quality, "a proof is wrong"
        except (ValueError, RuntimeError) as failure:
            if NO_PROOF in str(failure):
                continue
            right, error = False, _blamed(failure)
        found["proofs" if right else "bad"] += 1
        found["error"] = found["error"] if right else error


def _blamed(error: Exception) -> str:
    """An error's words, if it is the plot's fault."""
    if any(words in str(error) for words in NO_MEANS):
        raise NoMeans(error)
    return _short(error)


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:200]


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
