"""Members: the files that are found under a path, in folders and archives, opened through their compression."""
