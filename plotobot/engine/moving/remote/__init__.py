"""Plots to other hosts, by Debian's rsync: over SSH, or to an rsync daemon.

Why rsync: it is on both ends already, goes on where a broken copy stopped, and proves a file whole
from afar. A host is only ever given what stands in `commands`, and is believed only as far as
`output` reads it.
"""
