"""The frames of one stack: found, chosen, checked, read, and reduced to proxies."""
