"""Where things are: coordinates, matrices, lens, displacement fields, parallax."""
