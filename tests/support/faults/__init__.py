"""What can go wrong around several nodes, one kind a function: :mod:`~support.faults.kinds` is the list of them."""
