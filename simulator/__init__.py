"""A pretend Azure with a plant behind it: Sentinel's API over TLS, its own clock and its own store.

It exists so that everything Tagout sends to Azure can be tried for real on one machine. It must not
depend on Tagout: nothing of it and no Django is imported; `alerts.demo` has the command that runs
it. Its doors are the ARM surface, the control addresses under `/_control/`, and
`running.running_simulator`.
"""
