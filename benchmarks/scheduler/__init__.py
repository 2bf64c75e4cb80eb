"""The scheduler's benchmark: rigs, policies, and what each makes of the bound."""
