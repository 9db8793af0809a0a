"""What is written: pictures, maps, plan and report, complete or not at all."""
