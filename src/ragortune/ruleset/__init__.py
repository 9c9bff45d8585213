"""Rule sets: found, read strictly, checked, compiled and read back."""
