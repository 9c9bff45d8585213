"""One module for each command: what it does once the command line has been read. Each returns an exit code."""
