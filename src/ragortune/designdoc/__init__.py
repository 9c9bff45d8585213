"""Design documents read: what they decide, and on which stated facts."""
