"""Compiled loops over what files hold."""
