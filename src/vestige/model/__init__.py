"""The words everyone shares: events, records, instants, ids, and the error tree. Imports nothing of ours."""
