"""Where answers come from: amounts as people write them, design documents, quotes in them, and models that read them."""
