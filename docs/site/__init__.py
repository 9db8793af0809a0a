"""Pages of the documentation that are made from the program when the site is built."""
