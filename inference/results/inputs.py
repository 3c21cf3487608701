"""What a model reads, whichever kind of model it is."""

from inference.results.common import TextInput
from inference.results.meshes import MeshInput
from inference.results.pictures import PictureInput

Input = TextInput | MeshInput | PictureInput
