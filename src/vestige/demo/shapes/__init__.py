"""The forms in which the sources of the stories write: one file per form, planted records and background alike."""
