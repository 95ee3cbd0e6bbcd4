"""Capturing coding agents where they work: as it happens, without their secrets, and never in their way.

The life of a hook's call:

1. An agent calls what :mod:`~vestige.capture.settings` put into its settings, Git what
   :mod:`~vestige.capture.githooks` put among its hooks. Both start :mod:`~vestige.capture.hook`, a single file that
   needs nothing but an interpreter.
2. It hands what it was given to the user's one :mod:`~vestige.capture.program`, in memory, over a socket of the user's
   own, and starts it if it does not run. It waits for an answer a second at most, and always ends well.
3. The program looks at the files that the call may change (:mod:`~vestige.capture.snapshots`, over
   :mod:`~vestige.capture.tree` and :mod:`~vestige.capture.watch`), takes secrets out of all of it
   (:mod:`~vestige.capture.records`, :mod:`~vestige.capture.contents`) and appends it to the
   :mod:`~vestige.capture.spool`. Only then it answers.
4. :mod:`~vestige.capture.sending` sends what waits until a server has it.

Nothing that may hold a secret is on a disk before step 3 is through. What is lost at any step is counted, and told by
an event of its own.
"""
