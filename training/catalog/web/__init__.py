"""The pages on which training managers write lessons, look at changes and publish them."""
