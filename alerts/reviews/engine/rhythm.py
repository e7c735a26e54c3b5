"""When something usually happens: incidents think about it, reviews ask it too."""

from alerts.incidents.engine.rhythm import Moment, Window, usual_window

__all__ = ["Moment", "Window", "usual_window"]
