"""What happens to a rule that acts: trial, promotion, guards that stop it, its end."""
