"""Microsoft Graph's security records, put into Sentinel's own words and back. No Django.

An incident of the Defender portal becomes the document that the resource manager would have sent,
so that one reader, one row and one comparison serve both. What Sentinel has no word for is kept as
it came, under `graph`, and flagged; what cannot be written back is named.
"""

from alerts.sentinel.wire.graph.alerts import alert_document, evidence_type, is_from_d4iot
from alerts.sentinel.wire.graph.comments import (
    MARK,
    NAME_PREFIX,
    comment_documents,
    find_comment,
    graph_comment_text,
    key_and_message,
)
from alerts.sentinel.wire.graph.evidence import entity_documents
from alerts.sentinel.wire.graph.incidents import (
    GRAPH_VERSION,
    PROVIDER,
    Counterpart,
    GraphIncident,
    GraphPage,
    incident_document,
    is_graph_version,
    listed_of,
    product_of,
    read_graph_alerts,
    read_graph_incident,
    read_graph_page,
    version_of,
)
from alerts.sentinel.wire.graph.patches import Patch, differs_from, patch_for

__all__ = [
    "GRAPH_VERSION",
    "MARK",
    "NAME_PREFIX",
    "PROVIDER",
    "Counterpart",
    "GraphIncident",
    "GraphPage",
    "Patch",
    "alert_document",
    "comment_documents",
    "differs_from",
    "entity_documents",
    "evidence_type",
    "find_comment",
    "graph_comment_text",
    "incident_document",
    "is_from_d4iot",
    "is_graph_version",
    "key_and_message",
    "listed_of",
    "patch_for",
    "product_of",
    "read_graph_alerts",
    "read_graph_incident",
    "read_graph_page",
    "version_of",
]
