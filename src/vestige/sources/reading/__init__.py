"""What parsers share: cutting lines, rows and JSON values out of a stream, and reading times and single fields."""
