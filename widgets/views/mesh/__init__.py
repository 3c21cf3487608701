"""A mesh as it grows, vertex by vertex and face by face, and what the model expected of each token."""

from inference.results.request import Capability
from widgets.view_entry import ViewEntry

ENTRY = ViewEntry(
    "mesh",
    "Mesh",
    "widgets.views.mesh.view:MeshView",
    frozenset({Capability.MESH}),
    "A mesh as it grows, vertex by vertex and face by face.",
    changes_input=True,
)
