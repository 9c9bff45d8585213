"""What each option costs a month and how fast it answers: pure functions of quantities and price rows."""
