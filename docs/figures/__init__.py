"""Pictures of the documentation, all made by the program from the sample set."""
