"""Picture files: reading, writing, and what they carry besides pixels."""
