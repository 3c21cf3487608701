"""A mesh as it grows, vertex by vertex and face by face, and what the model expected of each token."""

from widgets.view_entry import ViewEntry

ENTRY = ViewEntry(
    "mesh",
    "Mesh",
    "widgets.views.mesh.view:MeshView",
    "mesh.MeshRequest",
    "A mesh as it grows, vertex by vertex and face by face, and what the model expected of each token.",
    about_model="mesh",
)
