"""The rooms behind the pages: review, retouching and the door without a terminal, in a browser."""
