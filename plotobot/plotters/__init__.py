"""The plotting programs: one module each, with its command line, its log dialect and its needs."""
