"""The pages, asked as a browser or monitoring asks."""
