"""The pages in a real browser: Chromium of the Debian package, driven by playwright."""
