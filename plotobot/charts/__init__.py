"""Charts of summaries, drawn by `python -m plotobot.charts CHART` in a process of its own.

A summary as JSON comes in on stdin, a PNG goes out on stdout. Nothing else imports this package,
for with it comes matplotlib.
"""
