"""Records to text: every format prints the same sentences, which stand in `report` and `pages`."""
