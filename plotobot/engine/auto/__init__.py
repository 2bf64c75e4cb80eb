"""The mode that needs no tuning: other rules on the same planner, and what they know of plots."""
