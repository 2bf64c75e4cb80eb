"""Reads the farm's log, chia's `debug.log`: records, what they tell, and figures. Only reads.

Chia writes local time without a zone. It is taken for the zone of the machine that reads, and all
times in here are UTC; see `clock` for the hour that comes twice.
"""
