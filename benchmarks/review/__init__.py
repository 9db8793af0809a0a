"""The page of a result: how soon it shows, how it answers, and what it takes."""
