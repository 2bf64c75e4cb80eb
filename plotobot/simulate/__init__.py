"""A machine that plots in no time: what a schedule would bring, before hours of plotting tell."""
