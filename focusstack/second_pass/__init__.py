"""The second pass: the plan is carried out, frame by frame, and fused."""
