"""Makes one plot with chiapos, the library `chia plots create` itself is built on.

A plain script: Plotobot runs it by its path, and it imports nothing of Plotobot, so that it starts
at once and outlives any change of the package below it.

The plots are real proofs of space and pass every check, but their plot id is random instead of
being derived from a plot key, so they belong to keys that nobody has: **they cannot be farmed for
reward**. They are for trying things out, at sizes that take seconds. Keys given as options go into
the memo for show; without them the memo holds random ones.

chiapos writes its log to standard output by itself; errors end the script with code 1.
"""

from __future__ import annotations

import argparse
import secrets
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

KEY_BYTES = 48
CONTRACT_BYTES = 32
LETTERS = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
"""The alphabet of bech32 and bech32m (BIP 173, BIP 350)."""
GENERATORS = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
BECH32M = 0x2BC830A3
STRIPE_SIZES = {18: 2000, 19: 4000, 20: 8000, 21: 16000, 22: 32000}
"""Entries a thread takes at a time; small tables have too few for chiapos' usual 65536."""


def key(text: str) -> bytes:
    """Read a public key of 96 hex digits."""
    return of_length(bytes.fromhex(text.removeprefix("0x")), KEY_BYTES)


def of_length(value: bytes, length: int) -> bytes:
    """Return the value if it has the right length."""
    if len(value) != length:
        raise ValueError(f"{len(value)} bytes instead of {length}")
    return value


def contract(address: str) -> bytes:
    """Read the puzzle hash out of an xch1 or txch1 address (bech32m, BIP 350)."""
    prefix, _, data = address.lower().rpartition("1")
    digits = [LETTERS.index(letter) for letter in data]
    head = [ord(letter) >> 5 for letter in prefix] + [0] + [ord(letter) & 31 for letter in prefix]
    if checksum(head + digits) != BECH32M:
        raise ValueError("the address is mistyped")
    bits = "".join(f"{digit:05b}" for digit in digits[:-6])
    return of_length(bytes(int(bits[at : at + 8], 2) for at in range(0, len(bits) - 7, 8)), 32)


def checksum(values: Sequence[int]) -> int:
    """Compute the remainder that a right address leaves."""
    rest = 1
    for value in values:
        top, rest = rest >> 25, (rest & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate(GENERATORS):
            rest ^= generator if top >> bit & 1 else 0
    return rest


def options(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line; the letters are those of `chia plots create`."""
    parser = argparse.ArgumentParser(description="Make one plot with chiapos.")
    parser.add_argument("-k", type=int, required=True, help="size of the plot, 18 or more")
    parser.add_argument("-t", dest="temp", required=True, help="folder for temporary files")
    parser.add_argument("-2", dest="temp2", help="folder for the plot while it is written")
    parser.add_argument("-d", dest="out", required=True, help="folder for the finished plot")
    parser.add_argument("-b", dest="buffer_mib", type=int, default=512, help="memory in MiB")
    parser.add_argument("-u", dest="buckets", type=int, default=128)
    parser.add_argument("-r", dest="threads", type=int, default=2)
    parser.add_argument("-e", dest="no_bitfield", action="store_true")
    parser.add_argument("-f", dest="farmer_key", type=key, help="farmer public key, hex")
    pool = parser.add_mutually_exclusive_group()
    pool.add_argument("-p", dest="pool_key", type=key, help="pool public key, hex")
    pool.add_argument("-c", dest="contract", type=contract, help="pool contract, xch1...")
    return parser.parse_args(arguments)


def memo(asked: argparse.Namespace) -> bytes:
    """Build a memo of the usual shape: 112 bytes with a contract, 128 with a pool key.

    Its last 32 bytes, the plot's secret key in plots made for farming, are random here.
    """
    pool = asked.contract or asked.pool_key or secrets.token_bytes(KEY_BYTES)
    farmer = asked.farmer_key or secrets.token_bytes(KEY_BYTES)
    return bytes(pool + farmer + secrets.token_bytes(32))


def file_name(k: int, plot_id: bytes, now: datetime) -> str:
    """Name a plot the way chia does, with the local time."""
    return f"plot-k{k}-{now:%Y-%m-%d-%H-%M}-{plot_id.hex()}.plot"


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the plot.

    Returns:
        0, or 1 after the reason was written to standard error.
    """
    asked = options(arguments)
    plot_id = secrets.token_bytes(32)
    name = file_name(asked.k, plot_id, datetime.now().astimezone())
    try:
        make(asked, plot_id, name)
        sys.stdout.flush()
    except Exception as error:  # the last frame: whatever it is, it is told
        print(f"Error: {error or type(error).__name__}", file=sys.stderr)  # noqa: T201
        return 1
    if not Path(asked.out, name).is_file():
        print(f"Error: chiapos left no {name} in {asked.out}", file=sys.stderr)  # noqa: T201
        return 1
    return 0


def make(asked: argparse.Namespace, plot_id: bytes, name: str) -> None:
    """Let chiapos make the plot; its errors pass through."""
    from chiapos import DiskPlotter

    DiskPlotter().create_plot_disk(
        asked.temp,
        asked.temp2 or asked.temp,
        asked.out,
        name,
        asked.k,
        memo(asked),
        plot_id,
        asked.buffer_mib,
        asked.buckets,
        STRIPE_SIZES.get(asked.k, 65536),
        asked.threads,
        asked.no_bitfield,
    )


if __name__ == "__main__":
    sys.exit(main())
