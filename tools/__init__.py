"""What the build and the checks use; nothing here is shipped."""
