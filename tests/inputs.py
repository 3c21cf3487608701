"""Inputs of one kind, as most tests want them."""

from inference.results.inputs import ImageInput, Input, MeshInput, TextInput


def text_input(*args, **kwargs):
    return Input(text=TextInput(*args, **kwargs))


def image_input(*args, **kwargs):
    return Input(image=ImageInput(*args, **kwargs))


def mesh_input(*args, **kwargs):
    return Input(mesh=MeshInput(*args, **kwargs))
