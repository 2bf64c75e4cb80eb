"""The regular summary: when it is due, what belongs to it, what it shows.

`due`, `plan`, `forecast`, `filling`, `usual` and `figures` are pure. `book` keeps what was told,
`fills` how drives filled; `reporter` puts them together, `painting` has charts drawn.
"""
