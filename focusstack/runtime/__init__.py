"""What the work runs on: compiler, threads, memory, files, progress. It knows no picture."""
