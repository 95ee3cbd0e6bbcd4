"""A fuzzing campaign over all parsers: seeds, mutations, what must hold, and the processes that try it.

Input ``number`` of a campaign is a function of (campaign seed, number, seeds at hand) and of nothing else, so any input
can be made again by its number. ``tests/campaigns/test_fuzz_parsers.py`` runs a campaign.
"""
