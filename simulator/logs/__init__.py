"""Log Analytics: what happened in a workspace as tables of rows, and questions to them in KQL."""
