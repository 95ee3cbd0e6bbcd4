"""The steps, in order. A step that was released is never edited; a correction is a further step."""
