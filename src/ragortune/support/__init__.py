"""What every layer uses: errors, records, files read strictly, text made harmless, the world outside."""
