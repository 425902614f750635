"""What every page stands on: who asks, what they may, words, forms, headers and errors."""
