"""What addresses show without looking anything up."""
