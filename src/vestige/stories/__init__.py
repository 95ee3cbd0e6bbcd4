"""Stories: why a function, a file, a commit or a session is as it is, said in sentences that can be checked.

The one rule: **a sentence cites entries, and each citation quotes a span that stands in the entry's own words**. What
has no such citation is not said; what is not known is told apart, as :class:`~vestige.stories.models.Story.unknown`.
The rule holds for the template here (:mod:`vestige.stories.template`) and for a model's answer alike
(:mod:`vestige.stories.check`): whatever a text within an entry makes a model say, a sentence that rests on nothing in
the evidence is dropped, counted and shown as dropped.

That a quote is there says that the sentence rests on it, not that it follows from it: a model's sentences are a
model's, and say so.
"""
