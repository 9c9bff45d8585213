"""Where answers come from: quotes in documents, the blocks that hold them, and language models that read."""
