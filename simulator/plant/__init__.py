"""A model of two plants that produces D4IoT alerts and the Sentinel incidents made of them.

It depends on nothing: no Django, no clock (times are arguments), nothing of Tagout. What it states
is a function of the seed and the arguments, so a measurement can be repeated to the letter. Door:
`Plant`.
"""
