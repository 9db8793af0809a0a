"""Whole shoots: many stacks found on a card, stacked one by one, resumed, shared and overseen."""
