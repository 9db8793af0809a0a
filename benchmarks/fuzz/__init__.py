"""Damaged files of every format: crashes, hangs, memory."""
