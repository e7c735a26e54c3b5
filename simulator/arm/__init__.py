"""Azure Resource Manager's addresses: what is asked, who may ask it, and who answers."""
