"""Where answers come from: amounts as people write them, and design documents."""
