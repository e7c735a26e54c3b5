"""What Sentinel does by itself: the automation rules and playbooks of a workspace, whoever made
them, playbooks that people run on an incident, and rules that people make here from an incident.

A worker reads rules, playbooks and runs into rows; pages read the rows and show how old they are. A
playbook that acts on the plant runs only with the consent of OT of the site, or of a second person.

Must not depend on: how suppression rules are signed, and what prerequisites a workspace needs.
Doors: `web`, `api`, `tasks`, the tab Playbooks of an incident.
"""
