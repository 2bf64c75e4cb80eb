"""Run by path in place of Python: makes a real plot, and copies it as often as it takes.

chiapos waits five minutes after a copy that found no room; this one waits half a second.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path

LAST = ("Renamed final file", "Copied final file", "Removed temp2 file")


def main(words: list[str]) -> int:
    temp, out = words[words.index("-t") + 1], words[words.index("-d") + 1]
    words[words.index("-d") + 1] = temp
    done = subprocess.run([sys.executable, *words], capture_output=True, text=True, check=False)
    for line in done.stdout.splitlines():
        if not line.startswith(LAST):
            print(line, flush=True)
    if done.returncode:
        print(done.stderr, file=sys.stderr)
        return done.returncode
    renamed = next(line for line in done.stdout.splitlines() if line.startswith(LAST[0]))
    made = Path(renamed.split('"')[3])
    whole = made.rename(f"{made}.2.tmp")
    copy_in(whole, Path(out, whole.name))
    return 0


def copy_in(whole: Path, copy: Path) -> None:
    while True:
        try:
            shutil.copyfile(whole, copy)
        except OSError as error:
            print(f'Could not copy "{whole}" to "{copy}". Error {error.strerror}. Retrying in '
                  "five minutes.", flush=True)  # fmt: skip
            time.sleep(0.5)
        else:
            break
    whole.unlink()
    print(f'Copied final file from "{whole}" to "{copy}"', flush=True)
    final = copy.with_name(copy.name.removesuffix(".2.tmp"))
    copy.rename(final)
    print(f'Renamed final file from "{copy}" to "{final}"', flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
