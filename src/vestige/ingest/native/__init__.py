"""What sources vouch for themselves: their own hashes, chains and signatures, checked against what was taken in."""
