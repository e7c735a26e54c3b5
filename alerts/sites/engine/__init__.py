"""What can be told of addresses without looking anything up."""
