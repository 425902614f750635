"""The pages of coming in and going out."""
