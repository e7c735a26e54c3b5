"""Whole plants with a known truth, for measuring how well suppression rules are found and kept.

`scenario.build_scenario(shape, seed)` makes 120 days of one company: sites, devices, planned work,
alerts in incidents, and what engineers and the SOC said about the first 60 days. Three shapes: a
process plant, a building, a utility. Everything is a function of shape and seed. Nothing of Tagout
and no Django is imported; whoever measures translates `Alert.facts()` into the rules' own record.

What is realistic:
- Routine is made of processes (a historian that polls, a backup job, a vendor's visit), each with
  its own devices, alert types, hours and days. A few of them make half of the volume; a long tail
  of pairs is met once to four times; a faulty device fills a day.
- Jobs run by the plant's clock or by UTC, and the history crosses a change to or from summer time.
- The later half drifts: a replaced engineering station, re-addressed laptops, a moved backup hour,
  new members of groups, a process that ends, one that begins.
- Planned work is entered in a calendar, sometimes late, sometimes not at all, and overruns.
- Equal private addresses are in two cells of a site; names repeat between sites.
- Attacks imitate routine: most differ from it in one respect only, some share an incident with it.
- People err (3 %), a third of the time all in the same way about the same incident.

What is not:
- Volumes, shares and hours are our judgement; no public measurement of such a plant exists.
- An attack that equals routine in every field of the record is not planted: no rule could separate
them. Nor does an attacker adapt to the rules that live.
- An incident is complete when it is created; no alert joins it later, none is merged with another
  sensor's, and Defender's silence while an alert stays open is not modelled.
- Every alert type becomes an incident, as with the connector's rule for all alerts.
- People answer whatever they are asked, within days, and never grow tired or wiser.
- Noise is independent from day to day, except for weather; holidays and shutdowns of whole plants
  are missing, so the two halves resemble each other more than those of a real year.
"""
