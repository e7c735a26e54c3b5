"""Programs for whoever changes Tagout; production ships none of them."""
