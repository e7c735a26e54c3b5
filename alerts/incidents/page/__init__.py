"""What the pages of an incident, a device and a site show. Changes nothing."""
