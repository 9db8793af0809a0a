"""Focus fusion: frames that are aligned and equally exposed become one sharp image."""
